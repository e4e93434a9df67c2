import './style/tokens.css';
import './style/theme.css';
import './style/app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { startTheme } from './lib/theme.ts';

startTheme();
mount(App, { target: document.body });
