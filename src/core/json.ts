/** What survives a round trip through JSON; state that is saved has this type. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
