/// How the noise level grows over the training timesteps.
public enum BetaSchedule: String, CaseIterable, Sendable {
  case linear
  /// Linear in the square root of beta: Stable Diffusion.
  case scaledLinear = "scaled_linear"
  /// The cosine schedule of Nichol & Dhariwal 2021.
  case squaredCosine = "squaredcos_cap_v2"
}

/// The quantity that a UNet predicts.
public enum PredictionType: String, CaseIterable, Sendable {
  /// The noise.
  case epsilon
  /// The velocity of Salimans & Ho 2022.
  case vPrediction = "v_prediction"
  /// The clean latent.
  case sample
}

/// How a sampler's timesteps are spaced among those of training (Lin et al. 2023, table 2).
public enum TimestepSpacing: String, CaseIterable, Sendable {
  case linspace, leading, trailing
}

/// The noise level after the last sampling step.
public enum FinalSigma: String, CaseIterable, Sendable {
  case zero
  case sigmaMin = "sigma_min"
}

/// The form of DPM-Solver.
public enum AlgorithmType: String, CaseIterable, Sendable {
  case dpmSolverPlusPlus = "dpmsolver++"
  /// The same with new noise in each step.
  case sdeDPMSolverPlusPlus = "sde-dpmsolver++"
  /// The value in files of another solver, read as `dpmsolver++`.
  case deis
}

/// The variant of a multistep solver: `midpoint` and `heun` of DPM-Solver, `bh1` and `bh2` of
/// UniPC. A solver replaces a variant of another solver by its own default (`midpoint`, `bh2`).
public enum SolverType: String, CaseIterable, Sendable {
  case midpoint, heun, bh1, bh2, logrho
}

/// The variance of the noise that `DDPMScheduler` adds.
public enum VarianceType: String, CaseIterable, Sendable {
  case fixedSmall = "fixed_small"
  case fixedLarge = "fixed_large"
}
