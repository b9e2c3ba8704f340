import NN
import StableDiffusion
import Torch

/// A training between two optimizer steps: the frozen UNet with its adapters, the optimizer, and
/// everything else that a checkpoint holds.
final class AdapterTraining {
  let unet: UNet2DConditionModel
  let sites: [LoRASite]
  /// Optimizer steps done.
  private(set) var done = 0

  private let setup: TrainingSetup
  private var identity: RunIdentity
  private let optimizer: AdamW
  private let copier: CheckpointCopier
  private let step: OptimizerStep
  private var scaler = LossScaler()
  private var history: [StepReport] = []
  private(set) var validation: [ValidationReport] = []
  private var continuations: [Continuation] = []
  private let heldOutLoss: HeldOutLoss?

  /// Loads the UNet and attaches new adapters, or those of a checkpoint with all that belongs to
  /// them.
  ///
  /// - Parameter continuation: how it goes on; nil for a run that begins.
  init(
    _ setup: TrainingSetup, data: PreparedData, from checkpoint: CheckpointFolder?,
    continuation: Continuation? = nil
  ) throws {
    let config = setup.config
    self.setup = setup
    identity = data.identity
    unet = try setup.model.loadUNet(dtype: setup.dtype, device: setup.device)
    sites = try unet.attachLoRA(
      targets: config.loraTargets, rank: config.rank, alpha: config.alpha
    ) { site in
      try Generator(
        seed: CounterRandom.value(seed: config.seed, step: 0, sample: site, purpose: .adapter))
    }
    unet.setGradientCheckpointing(config.gradientCheckpointing)
    let trained = sites.flatMap(\.tensors)
    optimizer = try AdamW(trained, settings: AdamW.Settings(config))
    copier = try CheckpointCopier(config, sites: sites, optimizer: optimizer)
    let schedule = NoiseSchedule(setup.model.scheduler)
    let scale = AutoencoderKL(setup.model.vae).scaled
    let batches = BatchSource(
      data, config: config, timesteps: schedule.count, device: setup.device, scale: scale)
    heldOutLoss = HeldOutLoss(
      data, schedule: schedule, config: config, device: setup.device, scale: scale)
    step = OptimizerStep(
      unet: unet,
      objective: Objective(
        schedule: schedule, minSNRGamma: config.minSNRGamma, priorWeight: config.priorWeight),
      pass: batches.pass, trained: trained.map(\.tensor), optimizer: optimizer,
      learningRate: LearningRateSchedule(
        config.learningRateSchedule, warmupSteps: config.learningRateWarmupSteps,
        steps: config.steps),
      config: config, scalesLoss: setup.dtype == .float16)
    continuations = continuation.map { [$0] } ?? []
    guard let checkpoint else { return }
    let state = try checkpoint.state()
    try checkpoint.restore(sites, optimizer)
    continuations.insert(contentsOf: state.continuations ?? [], at: 0)
    done = state.step
    scaler = state.lossScaler
    history = state.history
    // The pictures that the losses so far are of, where none are held out any more.
    identity.heldOut = identity.heldOut ?? state.identity.heldOut
    if setup.keepsValidation(of: state) { validation = state.validation ?? [] }
  }

  /// How far it is: what a checkpoint of now would hold more than an earlier one.
  var progress: Progress { Progress(step: done, evaluations: validation.count) }

  /// Optimizer steps done, and evaluations of the held-out pictures.
  struct Progress: Equatable {
    let step: Int
    let evaluations: Int
  }

  /// Trained values.
  var parameterCount: Int { sites.flatMap(\.tensors).reduce(0) { $0 + $1.tensor.count } }

  /// Takes the next step; what `checkStop` throws ends it with nothing changed.
  func advance(checkStop: () throws -> Void) throws -> StepReport {
    let report = try step(done, scaler: &scaler, checkStop: checkStop)
    done += 1
    history.append(report)
    return report
  }

  /// Evaluates the held-out pictures; nil where there are none, or where that was done after this step
  /// before. What `checkStop`, asked before each forward pass, throws ends it with nothing changed.
  func validate(checkStop: () throws -> Void) throws -> ValidationReport? {
    guard let heldOutLoss, validation.last?.step != done else { return nil }
    let report = try heldOutLoss(unet, step: done, checkStop: checkStop)
    validation.append(report)
    return report
  }

  /// What a checkpoint of run number `run` holds, as it is now.
  func contents(run: Int) throws -> CheckpointContents {
    let state = TrainingState(
      run: run, step: done, config: setup.config, identity: identity, lossScaler: scaler,
      libtorch: Backend.version, history: history,
      validation: validation.isEmpty ? nil : validation,
      continuations: continuations.isEmpty ? nil : continuations)
    return try copier.contents(state)
  }
}

extension AdamW.Settings {
  fileprivate init(_ config: TrainingConfig) {
    self.init(
      beta1: config.adamBeta1, beta2: config.adamBeta2, epsilon: config.adamEpsilon,
      weightDecay: config.weightDecay)
  }
}
