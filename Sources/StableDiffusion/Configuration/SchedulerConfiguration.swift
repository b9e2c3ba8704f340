/// `scheduler/scheduler_config.json`: the noise schedule of the training, and the sampler. A
/// missing key has the default of the diffusers class that the file names.
public struct SchedulerConfiguration: Decodable, Sendable {
  /// The diffusers class that the file was written for.
  public var className = "EulerDiscreteScheduler"
  /// Timesteps that the model was trained on.
  public var numTrainTimesteps = 1000
  /// The quantity that the UNet predicts.
  public var predictionType = PredictionType.epsilon
  /// Whether the last timestep is pure noise (Lin et al. 2023, algorithm 1).
  public var rescaleBetasZeroSnr = false
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
  /// The largest magnitude in a clipped clean latent.
  public var clipSampleRange = 1.0
  /// Whether `DDIMScheduler` ends without noise instead of with the noise of timestep 0.
  public var setAlphaToOne = true
  /// The noise that `DDPMScheduler` adds; nil for `fixedSmall`.
  public var varianceType: VarianceType?
  /// The number of steps that an LCM was distilled on.
  public var originalInferenceSteps = 50
  /// How fast the boundary condition of `LCMScheduler` fades with the timestep.
  public var timestepScaling = 10.0
  /// The form of DPM-Solver.
  public var algorithmType = AlgorithmType.dpmSolverPlusPlus
  /// The order of a multistep solver, 1 to 3.
  public var solverOrder = 2
  /// The variant of a multistep solver; nil for its own default.
  public var solverType: SolverType?
  /// Whether multistep solvers end with lower orders.
  public var lowerOrderFinal = true
  /// Whether DPM-Solver ends with the first order.
  public var eulerAtFinal = false
  /// The lowest log signal-to-noise ratio that DPM-Solver begins at.
  public var lambdaMinClipped = -Double.infinity
  /// The steps that UniPC does not correct.
  public var disableCorrector: [Int] = []
  private var given = Given()

  /// The file's values for keys whose defaults differ between the classes.
  private struct Given: Sendable {
    var betaStart: Double?
    var betaEnd: Double?
    var betaSchedule: BetaSchedule?
    var timestepSpacing: TimestepSpacing?
    var clipSample: Bool?
  }

  /// diffusers' defaults.
  public init() {}

  /// The noise variance added at the first timestep.
  public var betaStart: Double {
    get { given.betaStart ?? (isClass("HeunDiscrete", "LCM") ? 0.00085 : 0.0001) }
    set { given.betaStart = newValue }
  }

  /// The noise variance added at the last timestep.
  public var betaEnd: Double {
    get { given.betaEnd ?? (isClass("HeunDiscrete", "LCM") ? 0.012 : 0.02) }
    set { given.betaEnd = newValue }
  }

  /// How the variance grows from `betaStart` to `betaEnd`.
  public var betaSchedule: BetaSchedule {
    get { given.betaSchedule ?? (isClass("LCM") ? .scaledLinear : .linear) }
    set { given.betaSchedule = newValue }
  }

  /// How the timesteps that sampling visits are spaced.
  public var timestepSpacing: TimestepSpacing {
    get { given.timestepSpacing ?? (isClass("DDIM", "DDPM", "LCM") ? .leading : .linspace) }
    set { given.timestepSpacing = newValue }
  }

  /// Whether the clean latent is limited to `clipSampleRange` in each step.
  public var clipSample: Bool {
    get { given.clipSample ?? isClass("DDIM", "DDPM") }
    set { given.clipSample = newValue }
  }

  /// Makes the last timestep pure noise (Lin et al. 2023), which only trailing spacing visits.
  public mutating func useZeroTerminalSNR() {
    rescaleBetasZeroSnr = true
    timestepSpacing = .trailing
    stepsOffset = 0
  }

  private func isClass(_ names: String...) -> Bool {
    names.contains { className == "\($0)Scheduler" }
  }

  private enum CodingKeys: CodingKey {
    case _className, numTrainTimesteps, betaStart, betaEnd, betaSchedule, predictionType
    case rescaleBetasZeroSnr, timestepSpacing, stepsOffset, useKarrasSigmas, sigmaMin, sigmaMax
    case finalSigmasType, clipSample, clipSampleRange, setAlphaToOne, varianceType
    case originalInferenceSteps, timestepScaling, algorithmType, solverOrder, solverType
    case lowerOrderFinal, eulerAtFinal, lambdaMinClipped, disableCorrector
    case trainedBetas, interpolationType, timestepType, useExponentialSigmas, useBetaSigmas
    case useLuLambdas, useFlowSigmas, useDynamicShifting, thresholding, predictX0, solverP
  }

  /// Reads a configuration file.
  public init(from decoder: any Decoder) throws {
    let file = try decoder.container(keyedBy: CodingKeys.self)
    try file.read(._className, into: &className)
    try file.readSize(.numTrainTimesteps, into: &numTrainTimesteps, in: .timesteps)
    try file.read(.betaStart, into: &given.betaStart)
    try file.read(.betaEnd, into: &given.betaEnd)
    try file.readChoice(.betaSchedule, into: &given.betaSchedule)
    try file.read(.predictionType, into: &predictionType)
    try file.read(.rescaleBetasZeroSnr, into: &rescaleBetasZeroSnr)
    try file.readChoice(.timestepSpacing, into: &given.timestepSpacing)
    try file.readSize(.stepsOffset, into: &stepsOffset, in: 0...numTrainTimesteps)
    try file.read(.useKarrasSigmas, into: &useKarrasSigmas)
    try file.read(.sigmaMin, into: &sigmaMin)
    try file.read(.sigmaMax, into: &sigmaMax)
    try file.read(.finalSigmasType, into: &finalSigmasType)
    try readSampling(file)
    try file.requireNull(.trainedBetas)
    try file.require(.interpolationType, "linear")
    try file.require(.timestepType, "discrete")
    try file.require(.useExponentialSigmas, false)
    try file.require(.useBetaSigmas, false)
    try file.require(.useLuLambdas, false)
    try file.require(.useFlowSigmas, false)
    try file.require(.useDynamicShifting, false)
    try file.require(.thresholding, false)
    try file.require(.predictX0, true)
    try file.requireNull(.solverP)
  }

  /// Reads the keys that only some of the classes have.
  private mutating func readSampling(_ file: KeyedDecodingContainer<CodingKeys>) throws {
    try file.read(.clipSample, into: &given.clipSample)
    try file.read(.clipSampleRange, into: &clipSampleRange)
    try file.read(.setAlphaToOne, into: &setAlphaToOne)
    try file.readChoice(.varianceType, into: &varianceType)
    try file.readSize(.originalInferenceSteps, into: &originalInferenceSteps)
    try file.read(.timestepScaling, into: &timestepScaling)
    try file.read(.algorithmType, into: &algorithmType)
    try file.readSize(.solverOrder, into: &solverOrder, in: 1...3)
    try file.readChoice(.solverType, into: &solverType)
    try file.read(.lowerOrderFinal, into: &lowerOrderFinal)
    try file.read(.eulerAtFinal, into: &eulerAtFinal)
    try file.read(.lambdaMinClipped, into: &lambdaMinClipped)
    try file.read(.disableCorrector, into: &disableCorrector)
  }
}
