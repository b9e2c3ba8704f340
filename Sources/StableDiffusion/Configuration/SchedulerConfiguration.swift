/// How the noise level grows over the training timesteps.
public enum BetaSchedule: String, CaseIterable, Sendable {
  case linear
  /// Linear in the square root of beta: Stable Diffusion.
  case scaledLinear = "scaled_linear"
  /// The cosine schedule of Nichol & Dhariwal 2021.
  case squaredCosine = "squaredcos_cap_v2"
}

/// What the UNet predicts.
public enum PredictionType: String, CaseIterable, Sendable {
  /// The noise.
  case epsilon
  /// The velocity of Salimans & Ho 2022.
  case vPrediction = "v_prediction"
  /// The clean latent.
  case sample
}

/// Which of the training timesteps a sampler visits (Lin et al. 2023, table 2).
public enum TimestepSpacing: String, CaseIterable, Sendable {
  case linspace, leading, trailing
}

/// The noise level after the last sampling step.
public enum FinalSigma: String, CaseIterable, Sendable {
  case zero
  case sigmaMin = "sigma_min"
}

/// `scheduler/scheduler_config.json`: the noise that the model was trained with, and how to sample
/// it. Defaults are those of diffusers' `EulerDiscreteScheduler`.
public struct SchedulerConfiguration: Decodable, Sendable {
  /// The diffusers class that the file was written for.
  public var className = "EulerDiscreteScheduler"
  /// Timesteps that the model was trained on.
  public var numTrainTimesteps = 1000
  /// The noise variance added at the first timestep.
  public var betaStart = 0.0001
  /// The noise variance added at the last timestep.
  public var betaEnd = 0.02
  /// How the variance grows between the two.
  public var betaSchedule = BetaSchedule.linear
  /// What the UNet predicts.
  public var predictionType = PredictionType.epsilon
  /// Whether the last timestep is pure noise (Lin et al. 2023, algorithm 1).
  public var rescaleBetasZeroSnr = false
  /// Which timesteps sampling visits.
  public var timestepSpacing = TimestepSpacing.linspace
  /// Added to every timestep of `leading` spacing.
  public var stepsOffset = 0
  /// Whether sampling uses the noise levels of Karras et al. 2022, equation 5.
  public var useKarrasSigmas = false
  /// The lowest of the Karras noise levels; nil for that of the timesteps.
  public var sigmaMin: Double?
  /// The highest of the Karras noise levels; nil for that of the timesteps.
  public var sigmaMax: Double?
  /// The noise level after the last step.
  public var finalSigmasType = FinalSigma.zero

  /// diffusers' defaults.
  public init() {}

  private enum CodingKeys: CodingKey {
    case _className, numTrainTimesteps, betaStart, betaEnd, betaSchedule, predictionType
    case rescaleBetasZeroSnr, timestepSpacing, stepsOffset, useKarrasSigmas, sigmaMin, sigmaMax
    case finalSigmasType, trainedBetas, interpolationType, timestepType, useExponentialSigmas
    case useBetaSigmas
  }

  /// Reads a configuration file.
  public init(from decoder: any Decoder) throws {
    let file = try decoder.container(keyedBy: CodingKeys.self)
    try file.read(._className, into: &className)
    try file.readSize(.numTrainTimesteps, into: &numTrainTimesteps, in: .timesteps)
    try file.read(.betaStart, into: &betaStart)
    try file.read(.betaEnd, into: &betaEnd)
    try file.read(.betaSchedule, into: &betaSchedule)
    try file.read(.predictionType, into: &predictionType)
    try file.read(.rescaleBetasZeroSnr, into: &rescaleBetasZeroSnr)
    try file.read(.timestepSpacing, into: &timestepSpacing)
    try file.readSize(.stepsOffset, into: &stepsOffset, in: 0...numTrainTimesteps)
    try file.read(.useKarrasSigmas, into: &useKarrasSigmas)
    try file.read(.sigmaMin, into: &sigmaMin)
    try file.read(.sigmaMax, into: &sigmaMax)
    try file.read(.finalSigmasType, into: &finalSigmasType)
    try file.requireNull(.trainedBetas)
    try file.require(.interpolationType, "linear")
    try file.require(.timestepType, "discrete")
    try file.require(.useExponentialSigmas, false)
    try file.require(.useBetaSigmas, false)
  }
}
