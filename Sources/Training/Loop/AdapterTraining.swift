import Datasets
import NN
import StableDiffusion
import Torch

/// A training between two optimizer steps: the frozen UNet with its adapters, the optimizer, and
/// everything else that a checkpoint holds.
final class AdapterTraining {
  let unet: UNet2DConditionModel
  let sites: [AdapterSite]
  /// Optimizer steps done.
  private(set) var done = 0

  private let setup: TrainingSetup
  private var identity: RunIdentity
  private let optimizer: any Optimizer
  /// What checkpoints hold besides the state.
  private let parts: [CheckpointPart]
  private let step: OptimizerStep
  private var scaler = LossScaler()
  /// The loss of the last step.
  private var loss: Double?
  /// The last evaluation of the held-out images.
  private var validation: ValidationReport?
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
    sites = try unet.attachAdapters(
      LoRA.self, targets: config.loraTargets,
      settings: AdapterSettings(rank: config.rank, alpha: config.alpha)
    ) { site in
      try Generator(
        seed: CounterRandom.value(seed: config.seed, step: 0, sample: site, purpose: .adapter))
    }
    unet.setGradientCheckpointing(config.gradientCheckpointing)
    let group = ParameterGroup(
      "unet", sites.flatMap(\.tensors), learningRate: config.learningRate)
    optimizer = try OptimizerKind.standard.optimizer(
      of: [group], settings: OptimizerSettings(config))
    parts = [try .adapter(sites, config), try .optimizer(optimizer)]
    let schedule = NoiseSchedule(setup.model.scheduler)
    let scale = AutoencoderKL(setup.model.vae).scaled
    let batches = BatchSource(
      data, config: config, timesteps: schedule.count, scale: scale)
    heldOutLoss = HeldOutLoss(
      data, schedule: schedule, config: config, device: setup.device, scale: scale)
    step = OptimizerStep(
      unet: unet,
      objective: Objective(
        schedule: schedule, minSNRGamma: config.minSNRGamma, priorWeight: config.priorWeight,
        device: setup.device),
      pass: batches.pass, optimizer: optimizer,
      schedule: LearningRateSchedule(
        config.learningRateSchedule, warmupSteps: config.learningRateWarmupSteps,
        steps: config.steps),
      config: config, scalesLoss: setup.dtype == .float16)
    continuations = continuation.map { [$0] } ?? []
    guard let checkpoint else { return }
    let state = try checkpoint.state()
    for part in parts { try part.restore(from: checkpoint) }
    continuations.insert(contentsOf: state.continuations ?? [], at: 0)
    done = state.step
    scaler = state.lossScaler
    loss = state.loss
    // The pictures that the losses so far are of, where none are held out any more.
    identity.heldOut = identity.heldOut ?? state.identity.heldOut
    if setup.keepsValidation(of: state) { validation = state.validation }
  }

  /// How far it is: what a checkpoint of now would hold more than an earlier one.
  var progress: Progress { Progress(step: done, validated: validation?.step) }

  /// Optimizer steps done, and the step after which the held-out images were evaluated last.
  struct Progress: Equatable {
    let step: Int
    let validated: Int?
  }

  /// Trained values.
  var parameterCount: Int { sites.flatMap(\.tensors).reduce(0) { $0 + $1.tensor.count } }

  /// Takes the next step; what `checkStop` throws ends it with nothing changed.
  func advance(checkStop: () throws -> Void) throws -> StepReport {
    let report = try step(done, scaler: &scaler, checkStop: checkStop)
    done += 1
    loss = report.loss
    return report
  }

  /// Evaluates the held-out pictures; nil where there are none, or where that was done after this step
  /// before. What `checkStop`, asked before each forward pass, throws ends it with nothing changed.
  func validate(checkStop: () throws -> Void) throws -> ValidationReport? {
    guard let heldOutLoss, validation?.step != done else { return nil }
    let report = try heldOutLoss(unet, step: done, checkStop: checkStop)
    validation = report
    return report
  }

  /// What a checkpoint holds, as it is now. Throws `TorchError`.
  ///
  /// - Parameters:
  ///   - run: the run's number.
  ///   - history: what the run's history is by now.
  func contents(run: Int, history: HistoryMark) throws -> CheckpointContents {
    let state = TrainingState(
      run: run, step: done, loss: loss, config: setup.config, identity: identity,
      lossScaler: scaler, libtorch: Backend.version, validation: validation,
      continuations: continuations.isEmpty ? nil : continuations, history: history)
    return try CheckpointContents(state, parts: parts)
  }
}

extension OptimizerSettings {
  fileprivate init(_ config: TrainingConfig) {
    self.init(
      beta1: config.adamBeta1, beta2: config.adamBeta2, epsilon: config.adamEpsilon,
      weightDecay: config.weightDecay)
  }
}
