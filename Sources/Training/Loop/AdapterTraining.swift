import Datasets
import Foundation
import NN
import Ranks
import StableDiffusion
import Torch

/// The state of a training between two optimizer steps: the frozen UNet with its adapters, the
/// optimizer, and everything else that a checkpoint contains.
final class AdapterTraining {
  let unet: UNet2DConditionModel
  let sites: [AdapterSite]
  /// The text encoders that are trained too; nil if there are none.
  let text: TextTraining?
  /// The number of optimizer steps done.
  private(set) var done = 0
  /// The rung of the memory ladder.
  var rung: MemoryRung

  var setup: TrainingSetup
  private var identity: RunIdentity
  let data: PreparedData
  private let optimizer: any Optimizer
  /// The average of the trained tensors; nil without.
  private let ema: EMA?
  /// The parts of a checkpoint with tensors.
  let parts: [CheckpointPart]
  let step: OptimizerStep
  private var scaler = LossScaler()
  /// Whether the memory that loading and the first step have freed was returned to the system.
  private var hasTrimmed = false
  /// The loss of the last step.
  private var loss: Double?
  /// The last validation.
  private var validation: ValidationReport?
  var resumes: [Resume] = []
  /// Whether the run has stepped down the memory ladder.
  var ranOutOfMemory = false
  private let validationLoss: ValidationLoss?

  /// Loads the UNet and attaches adapters, which are new or restored from a checkpoint together
  /// with the optimizer's state.
  ///
  /// - Parameters:
  ///   - resume: The present resume; nil for a new run.
  ///   - wantsStop: Whether this rank was asked to stop. Used only with other ranks.
  init(
    _ setup: TrainingSetup, data: PreparedData, from checkpoint: CheckpointFolder?,
    resume: Resume? = nil, wantsStop: @escaping () -> Bool = { false }
  ) throws {
    let config = setup.config
    self.setup = setup
    self.data = data
    identity = data.identity
    let rung = MemoryRung(config)
    self.rung = rung
    unet = try setup.model.loadUNet(
      dtype: setup.dtype, device: setup.device, storage: rung.storage)
    sites =
      config.text.trainUnet
      ? try setup.attachAdapters(to: unet, isRestored: checkpoint != nil) : []
    if !setup.device.isCUDA { try unet.setChannelsLast() }
    let dropout = config.adapterDropout
    dropout?.apply(to: unet)
    let fusion = try unet.fuseAdapters()
    try MemoryLimit(setup).apply(to: unet)
    unet.setGradientCheckpointing(rung.checkpointing)
    text = try TextTraining(setup, data: data)
    let encoders = text?.encoders ?? []
    for encoder in encoders { dropout?.apply(to: encoder.model) }
    let unetGroups = RateGroups(
      sites, named: "unet", rate: config.optimization.learningRate,
      factors: config.optimization.layerRates.values,
      upFactor: config.optimization.loraPlusRatio ?? 1)
    let optimizer = try config.optimization.optimizer.optimizer(
      of: unetGroups.groups + (text?.groups(config) ?? []), settings: OptimizerSettings(config))
    self.optimizer = optimizer
    let ema = try EMA.Settings(config).map { try EMA(of: optimizer.parameters, settings: $0) }
    self.ema = ema
    let trigger = setup.dataset.subject.token
    func metadata(
      of weights: CheckpointWeights
    ) -> (TrainingState) throws -> [String: String] {
      { state in
        try AdapterDescription(
          state.config, identity: state.identity, trigger: trigger, model: setup.model,
          weights: weights
        ).metadata(step: state.step)
      }
    }
    let layers = AdaptableLayers(setup.model)
    let sites = self.sites
    let names = (sites.flatMap(\.tensors) + encoders.flatMap(\.tensors)).map(\.name)
    let adapter = try CheckpointPart.adapter(
      sites, encoders: encoders, of: layers,
      averages: { try optimizer.averages().map { optimizer.values($0, named: names) } },
      metadata: metadata(of: .adapter))
    let average = try ema.map { ema in
      var values = optimizer.values(ema.averages, named: names)[...]
      func replacing(_ sites: [AdapterSite]) throws -> [AdapterSite] {
        let count = sites.flatMap(\.tensors).count
        defer { values = values.dropFirst(count) }
        return try sites.replacingTensors(by: Array(values.prefix(count)))
      }
      return try CheckpointPart.adapter(
        replacing(sites), encoders: encoders.map { try $0.replacingSites(replacing) },
        of: layers, file: CheckpointFolder.emaName, metadata: metadata(of: .ema))
    }
    let embedding = text?.word.map { CheckpointPart.embedding($0, averages: optimizer.averages) }
    // The optimizer's state comes last, since it restores trained values in place of averages.
    parts = [adapter, average, embedding, .optimizer(optimizer)].compactMap(\.self)
    let schedule = NoiseSchedule(setup.scheduler)
    let scale = AutoencoderKL(setup.model.vae).scaled
    let batches = BatchSource(
      data, config: config, timesteps: schedule.count, share: setup.ranks.share, text: text,
      scale: scale)
    validationLoss = ValidationLoss(
      data, schedule: schedule, config: config, device: setup.device, text: text,
      ranks: setup.ranks, scale: scale)
    step = OptimizerStep(
      unet: unet,
      objective: Objective(config, schedule: schedule, device: setup.device),
      pass: batches.pass, optimizer: optimizer,
      schedule: LearningRateSchedule(config), ema: ema,
      config: config, scalesLoss: setup.dtype == .float16, fusion: fusion, text: text,
      dropout: dropout,
      normLimit: config.adaptation.scaleWeightNorms.map {
        NormLimit(sites + encoders.flatMap(\.sites), limit: $0)
      },
      graphs: setup.recordsPasses && rung.weights != .offloaded && dropout == nil
        ? PassGraphs(
          on: setup.device, trained: sites.flatMap(\.tensors).map(\.tensor),
          isRoomy: setup.memory.isRoomy(rung)) : nil,
      rank: setup.ranks.share.rank,
      exchange: setup.ranks.map { GradientExchange($0, wantsStop: wantsStop) })
    resumes = resume.map { [$0] } ?? []
    guard let checkpoint else { return }
    let state = try checkpoint.state()
    // A run that was allowed to change `ema` has no average, which then begins here.
    for part in parts where part.file != CheckpointFolder.emaName || state.averageUpdates != nil {
      try part.restore(from: checkpoint)
    }
    if let updates = state.averageUpdates {
      ema?.resume(afterUpdates: updates)
    } else {
      try ema?.restart()
    }
    try fusion.refresh()
    resumes.insert(contentsOf: state.resumes ?? [], at: 0)
    ranOutOfMemory = state.ranOutOfMemory ?? false
    done = state.step
    scaler = state.lossScaler
    loss = state.loss
    // Without validation images now, the identity keeps those of the losses so far.
    identity.validation = identity.validation ?? state.identity.validation
    if setup.keepsValidation(of: state) { validation = state.validation }
  }

  /// The progress, which decides whether a new checkpoint would differ from an earlier one.
  var progress: Progress { Progress(step: done, validated: validation?.step) }

  /// The number of optimizer steps done, and the step of the last validation.
  struct Progress: Equatable {
    let step: Int
    let validated: Int?
  }

  /// Overwrites the trained values by those of rank 0. They begin with the same bits, unless the ranks' processors
  /// differ. Throws `RankError`, `TorchError`.
  func equalizeRanks() throws {
    guard let ranks = setup.ranks else { return }
    for parameter in optimizer.parameters {
      let values = try Tensor.zeros(parameter.shape, device: setup.device)
      try noGrad { try values.copy(from: parameter) }
      try ranks.broadcast(values)
      try noGrad { try parameter.copy(from: values) }
    }
    try step.fusion?.refresh()
  }

  /// The number of trained parameters.
  var parameterCount: Int { optimizer.parameters.reduce(0) { $0 + $1.count } }

  /// The number of adapted layers.
  var siteCount: Int {
    sites.count + (text?.encoders.reduce(0) { $0 + $1.sites.count } ?? 0)
  }

  /// Trains the next step. An error of `checkStop` ends it and changes nothing.
  func advance(checkStop: () throws -> Void) throws -> StepReport {
    let report = try step(done, scaler: &scaler, checkStop: checkStop)
    if !hasTrimmed { Backend.trimMemory() }
    hasTrimmed = true
    done += 1
    loss = report.loss
    return report
  }

  /// Validates the training; nil without validation images, or if this step was validated already.
  /// `checkStop` is called before each forward pass. Its error ends the validation and changes
  /// nothing.
  func validate(checkStop: () throws -> Void) throws -> ValidationReport? {
    guard let validationLoss, validation?.step != done else { return nil }
    let report = try withEvaluatedWeights {
      try validationLoss(unet, step: done, checkStop: checkStop)
    }
    validation = report
    return report
  }

  /// Runs work with the weights that validations and samples use: the adapter that a checkpoint would
  /// contain, or the average of `ema`.
  func withEvaluatedWeights<Value>(_ body: () throws -> Value) throws -> Value {
    let evaluated = setup.config.evaluate == .ema ? ema?.averages : try optimizer.averages()
    guard let averages = evaluated else { return try body() }
    let trained = try optimizer.parameters.map { try $0.detach() }
    let copies = try trained.map { try $0.clone() }
    func use(_ values: [Tensor]) throws {
      try Tensor.copyEach(to: trained, from: values)
      try step.fusion?.refresh()
      text?.forget()
    }
    try use(averages)
    let result = Result { try body() }
    // Without the trained values, the training could not go on.
    try UnsavableError.marking { try use(copies) }
    return try result.get()
  }

  /// Copies the contents of a checkpoint. Throws `TorchError`.
  ///
  /// - Parameters:
  ///   - run: The run's number.
  ///   - history: Length and hash of the run's history.
  func contents(run: Int, history: HistoryMark) throws -> CheckpointContents {
    try CheckpointContents(state(run: run, history: history), parts: parts)
  }

  /// Writes a checkpoint without a copy. The training must not continue meanwhile. Throws the errors
  /// of ``CheckpointFolder/write(_:_:in:)``.
  func write(
    run: Int, history: HistoryMark, in folder: URL
  ) throws -> (checkpoint: CheckpointFolder, sha256: String) {
    let state = state(run: run, history: history)
    return try CheckpointFolder.write(state, parts.map { $0.current(state) }, in: folder)
  }

  func state(run: Int, history: HistoryMark) -> TrainingState {
    TrainingState(
      run: run, step: done, loss: loss, config: setup.config, identity: identity,
      lossScaler: scaler, libtorch: Backend.version, validation: validation,
      ranks: setup.ranks.map { RanksRecord(size: $0.size, hosts: $0.hosts) },
      resumes: resumes.isEmpty ? nil : resumes, ranOutOfMemory: ranOutOfMemory ? true : nil,
      averageUpdates: ema?.updates, history: history)
  }
}

extension TrainingSetup {
  /// Puts adapters into the UNet: those of `init_lora`, or new ones. A copy of the former is trained.
  ///
  /// - Parameter isRestored: Whether their values then come from a checkpoint.
  fileprivate func attachAdapters(
    to unet: UNet2DConditionModel, isRestored: Bool
  ) throws -> [AdapterSite] {
    if let initialAdapter {
      var adapters: [String: any AdapterKind] = [:]
      for (layer, adapter) in initialAdapter.layers {
        adapters[layer.path] = try adapter.mapTensors { try $0.clone().to(device) }
      }
      return try unet.attachAdapters(adapters)
    }
    func settings(of path: String) -> AdapterSettings {
      var settings = config.adapterSettings(of: path)
      settings.isRestored = isRestored
      return settings
    }
    return try unet.attachAdapters(
      config.adaptation.adapter.kind, to: config.adaptedLayers, settings: settings
    ) { site in
      try Generator(
        seed: CounterRandom.value(seed: config.seed, step: 0, sample: site, purpose: .adapter))
    }
  }
}

extension Optimizer {
  /// Some of the values of all trained tensors, by the names of these.
  fileprivate func values(_ values: [Tensor], named names: [String]) -> [Tensor] {
    let byName = Dictionary(
      uniqueKeysWithValues: zip(groups.flatMap(\.parameters).map(\.name), values))
    return names.compactMap { byName[$0] }
  }
}
