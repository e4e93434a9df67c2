/**
 * Networks and what trains them. Nothing here knows about money, and nothing outside knows which kernels run.
 *
 *   const kernels = await createKernels();               // { kind?: 'auto'|'reference'|'wasm'|'native', threads? }
 *   kernels.name, .isa, .fused, .threads, .dispose()
 *
 *   const q = new QNetwork(kernels, { window: 12, features: 21, encoder: 'conv' });   // also ActorNetwork, ValueNetwork, EncodingNetwork
 *   q.initialize(rng);                                    // orthogonal: sqrt 2 body, 0.01 actor head, 1 other heads
 *   q.infer(obs, batch): Float32Array                     // (batch, outputs); acting, targets; no allocation
 *   q.forward(obs, batch); q.backward(dOutput, batch);    // obs (batch, window, features); fills q.gradients
 *   q.bestAction(window, mask); actor.probabilities(obs, batch, masks);
 *   q.stateDict() / q.loadStateDict(state) / q.copyFrom(other) / q.polyakFrom(online, tau) / q.dispose()
 *   q.parameterCount; q.parameters and q.gradients are flat, in the kernels' own layout (zero padding included).
 *
 *   const adam = new Adam(kernels, [actor, critic], { lr, eps, beta1, beta2, weightDecay });
 *   adam.step(lr, clipScale(gradientNorm([actor, critic]), 0.5)); adam.stateDict() / adam.loadStateDict(state)
 *
 * The fast way, which the benchmarks measure: fill the arrays of an updater and call it.
 *   const ppo = new PPOUpdater(kernels, actor, critic, { batch: 64, adam: { lr: 3e-4, eps: 1e-5 } });
 *     ppo.obs, .masks, .actions, .oldLogProbs, .advantages, .returns
 *     ppo.update(batch, lr): { loss, policy, value, entropy, kl, clippedShare, gradNorm }; ppo.adam
 *   const dqn = new DQNUpdater(kernels, online, target, { batch: 64, gamma, double, loss: huber, tau: 0.005 });
 *     dqn.obs, .nextObs, .actions, .rewards, .terminated, .nextMasks
 *     dqn.update(batch, lr): { loss, meanQ, gradNorm }; dqn.adam
 *   const exact = new AllActionUpdater(kernels, actor, { batch: 128, coefficients: { clip, entropy }, maxGradNorm, adam });
 *     exact.obs, .masks, .oldLogProbs, .advantages, .weights
 *     exact.update(batch, lr): { loss, policy, entropy, kl, clippedShare, gradNorm }; exact.adam
 *   const rollout = new RolloutInference(kernels, actor, critic, environments);   // both networks in one call
 *     fill rollout.obs; rollout.run(masks); rollout.logProbs, .logits, .values
 *
 * Losses on their own: ppoLoss, allActionLoss, dqnTargets, dqnLoss, mse, huber, softmax, maskedLogSoftmax, normalizeAdvantages.
 * Files: encodeSafetensors(state, metadata?): Uint8Array, decodeSafetensors(bytes, what?): StateDict.
 */
export { Adam, type AdamOptions, clipScale, gradientNorm } from './adam.ts';
export { type AllActionUpdate, AllActionUpdater, type AllActionUpdaterOptions } from './all-action-updater.ts';
export { bestAllowed } from './best-allowed.ts';
export { DEFAULT_NETWORK, type NetworkConfig } from './config.ts';
export { createKernels, type KernelOptions } from './create-kernels.ts';
export { type DQNUpdate, DQNUpdater, type DQNUpdaterOptions } from './dqn-updater.ts';
export { ENCODERS, type EncoderName, networkSettings } from './encoders/index.ts';
export type { KernelKind, Kernels } from './kernels.ts';
export {
  type AllActionBatch,
  type AllActionLoss,
  allActionLoss,
  type DQNBatch,
  dqnLoss,
  dqnTargets,
  huber,
  type Masks,
  maskedLogSoftmax,
  mse,
  normalizeAdvantages,
  type PPOBatch,
  type PPOCoefficients,
  type PPOLoss,
  ppoLoss,
  type RegressionLoss,
  softmax,
} from './losses.ts';
export { Network, type StateDict, type TensorData } from './network.ts';
export { ActorNetwork, type ActorOptions, EncodingNetwork, QNetwork, ValueNetwork } from './networks.ts';
export { type PPOUpdate, PPOUpdater, type PPOUpdaterOptions } from './ppo-updater.ts';
export { RolloutInference } from './rollout-inference.ts';
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
