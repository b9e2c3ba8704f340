import Foundation
import StableDiffusion
import Training

/// The translation of a training with sd-scripts' `sdxl_train_network.py`.
struct KohyaTraining {
  /// How much of a training the settings are.
  enum Scope {
    /// A whole training, so that the defaults of sd-scripts count.
    case training
    /// A dataset file.
    case dataset
    /// A folder tree without settings.
    case folders
  }

  var draft: ImportDraft
  var options: ForeignOptions
  let dataset: KohyaDataset

  /// - Parameter options: The settings by the names of the command line.
  init(
    _ options: ForeignOptions, _ dataset: KohyaDataset, _ scope: Scope, names: SubjectNames,
    _ draft: ImportDraft
  ) throws(ImportError) {
    self.options = options
    self.dataset = dataset
    self.draft = draft
    for setting in dataset.settings { self.options.add(setting) }
    setFolders(names)
    if scope != .folders { try setImages() }
    if scope == .training {
      self.draft.setModel(self.options.take("pretrained_model_name_or_path"))
      try setNetwork()
      try setLength()
      try setOptimizer()
      try setObjective()
      try setChecks()
    }
    self.draft.note(self.options.all, by: .kohya)
  }

  // MARK: Adapter

  private mutating func setNetwork() throws(ImportError) {
    let module = options.take("network_module")
    let arguments = options.take("network_args").map { given in
      given.value.asTexts.filter { !$0.isEmpty }.map {
        ForeignSetting(name: "network_args", value: .text($0), place: given.place)
      }
    }
    var network = ImportedNetwork(module, arguments ?? [], &draft)
    if try setRank() {
      network.apply(to: &draft)
    } else {
      for argument in arguments ?? [] { draft.note(argument, .notNeeded, Self.fromFile) }
    }
    if let share = try options.number("network_dropout"), share > 0 {
      draft.set(\.adaptation.$adapterDropout, to: share)
    }
    if let norm = try options.number("scale_weight_norms"), norm > 0 {
      draft.set(\.adaptation.$scaleWeightNorms, to: norm)
    }
    try setTextEncoders()
  }

  private static let fromFile =
    "rank, alpha and layers are those of the file that init_lora names"

  /// Sets rank and alpha. Returns false for a LoRA to continue from, which has its own.
  private mutating func setRank() throws(ImportError) -> Bool {
    let given = "the default of sd-scripts"
    let rank = options.take("network_dim")
    let alpha = options.take("network_alpha")
    if let file = options.text("network_weights") {
      draft.set(\.$initLora, to: file)
      for setting in [rank, alpha, options.take("dim_from_weights")].compactMap(\.self) {
        draft.note(setting, .notNeeded, Self.fromFile)
      }
      return false
    }
    draft.set(\.$rank, to: try rank?.integer() ?? 4, comment: rank == nil ? given : nil)
    draft.set(\.$alpha, to: try alpha?.number() ?? 1, comment: alpha == nil ? given : nil)
    return true
  }

  /// sd-scripts trains both text encoders unless a flag excludes them, or it caches their outputs.
  private mutating func setTextEncoders() throws(ImportError) {
    let isCached = options["cache_text_encoder_outputs"].map { !$0.value.isOff } ?? false
    let isTextOnly = try options.flag("network_train_text_encoder_only")
    if isTextOnly { draft.set(\.text.$trainUnet, to: false) }
    if try options.flag("network_train_unet_only") || isCached, !isTextOnly { return }
    draft.set(\.text.$trainTextEncoders, to: .both)
    draft.set(\.text.$textEncoderTargets, to: Self.textTargets)
  }

  private mutating func setTextRates(_ optimizer: ImportedOptimizer) {
    guard let rates = options.take("text_encoder_lr"), !rates.value.isOff else { return }
    guard draft.config.text.trainTextEncoders != nil else {
      return draft.note(rates, .notNeeded, "the text encoders are not trained")
    }
    guard optimizer.kind != nil else {
      return draft.note(
        rates, .noCounterpart, "it means something else for AdamW; choose one for AdamW")
    }
    guard !optimizer.findsRate else {
      return draft.note(rates, .noCounterpart, "the optimizer finds the rate itself")
    }
    let texts = rates.value.asTexts
    guard let read = EncoderRates(texts.prefix(2).joined(separator: ",")) else {
      draft.note(rates, .noCounterpart, "set text_encoder_learning_rate to \(EncoderRates.form)")
      return
    }
    draft.set(\.text.$textEncoderLearningRate, to: read)
  }

  /// The layers of a text encoder that sd-scripts adapts.
  private static let textTargets = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]

  // MARK: Optimizer

  private mutating func setOptimizer() throws(ImportError) {
    var optimizer = options.take("optimizer_type")
    if let flag = options.take("use_8bit_adam"), !flag.value.isOff {
      optimizer = ForeignSetting(
        name: flag.name, value: .text("AdamW8bit"), place: flag.place)
    }
    if let flag = options.take("use_lion_optimizer"), !flag.value.isOff {
      optimizer = ForeignSetting(name: flag.name, value: .text("Lion"), place: flag.place)
    }
    let arguments = options.take("optimizer_args").map { given in
      given.value.asTexts.filter { !$0.isEmpty }.map {
        ForeignSetting(name: "optimizer_args", value: .text($0), place: given.place)
      }
    }
    let imported = ImportedOptimizer(optimizer, arguments: arguments ?? [], &draft)
    imported.apply(to: &draft)
    let common = options.take("learning_rate")
    let own = options.take("unet_lr")
    let rate = own.flatMap { $0.value.isOff ? nil : $0 } ?? common
    if let common, own != nil, rate != common {
      draft.note(common, .notNeeded, "unet_lr is the learning rate of the UNet")
    }
    try draft.setRate(rate, of: imported) {
      $0.set(
        \.optimization.$learningRate, to: 2e-6,
        comment: "the default of sd-scripts, which is very low")
    }
    setTextRates(imported)
    if let norm = try options.number("max_grad_norm") {
      draft.set(\.optimization.$maxGradientNorm, to: norm > 0 ? norm : nil)
    }
    if let cycles = try options.integer("lr_scheduler_num_cycles") {
      draft.set(\.optimization.$learningRateCycles, to: cycles)
    }
    if let power = try options.number("lr_scheduler_power") {
      draft.set(\.optimization.$learningRatePower, to: power)
    }
    let warmUp = options.take("lr_warmup_steps")
    let schedule = options.take("lr_scheduler")
    var steps: Int? = 0
    if let warmUp { steps = try warmUpSteps(warmUp) }
    draft.setSchedule(schedule, steps: steps, warmUp: warmUp)
  }

  /// The number of steps of the warm-up. Reports and returns nil if it is a share of an unknown number.
  private mutating func warmUpSteps(_ setting: ForeignSetting) throws(ImportError) -> Int? {
    let value = try setting.number()
    // A number below 1 is a share of the run.
    guard value < 1, setting.value.asInteger == nil else {
      let whole = ForeignSetting(
        name: setting.name, value: .number(value.rounded(.down)), place: setting.place)
      return stepsHere(try whole.integer())
    }
    guard let length = length() else {
      draft.note(
        setting, .noCounterpart,
        "a share of the run, whose images are not on this machine to be counted; set "
          + "learning_rate_warmup_steps to a number of steps")
      return nil
    }
    return Int(max(0, value) * Double(length))
  }

  // MARK: Memory

  /// 8-bit and swapped weights, which need gradient checkpointing here.
  private mutating func setFrozenWeights() throws(ImportError) {
    var chosen: FrozenWeights?
    for key in ["fp8_base", "fp8_base_unet", "blocks_to_swap"] {
      guard let setting = options.take(key), !setting.value.isOff else { continue }
      if key == "blocks_to_swap", try setting.integer() == 0 { continue }
      let weights = key == "blocks_to_swap" ? FrozenWeights.offloaded : .fp8
      guard chosen == nil || chosen == weights else {
        draft.note(setting, .notNeeded, "weights in fp8 take its place")
        continue
      }
      chosen = weights
      draft.set(\.$frozenWeights, to: weights)
      draft.set(\.$gradientCheckpointing, to: true)
      draft.note(
        setting, .approximated,
        weights == .fp8
          ? "fp8 weights have a scale for each 128 numbers, and gradient checkpointing is on"
          : "the weights of all blocks are offloaded, and gradient checkpointing is on")
    }
  }

  // MARK: Length

  /// Whether half of sd-scripts' batches are class images.
  private var mixesClasses: Bool { !dataset.classes.isEmpty }

  /// A number of sd-scripts' steps as steps here. A step of sd-scripts is half class images.
  private func stepsHere(_ steps: Int) -> Int { mixesClasses ? max(1, (steps + 1) / 2) : steps }

  private mutating func setLength() throws(ImportError) {
    try draft.setSeed(options.take("seed"))
    draft.setPrecision(options.take("mixed_precision"))
    draft.set(\.$gradientCheckpointing, to: try options.flag("gradient_checkpointing"))
    try setFrozenWeights()
    if let accumulation = try options.integer("gradient_accumulation_steps") {
      draft.set(\.$gradientAccumulation, to: accumulation)
    }
    let steps = options.take("max_train_steps")
    if let epochs = options.take("max_train_epochs"), !epochs.value.isOff {
      if let steps {
        draft.note(steps, .notNeeded, "max_train_epochs decides the length of the run")
      }
      let count = try epochs.integer()
      draft.set(\.$epochs, to: count)
    } else if let steps {
      let count = try steps.integer()
      let comment = mixesClasses ? "\(count) / 2, see prior_batch_size" : nil
      draft.set(\.$steps, to: stepsHere(count), comment: comment)
    } else {
      draft.set(\.$steps, to: stepsHere(1600), comment: "the default of sd-scripts")
    }
  }

  /// The number of steps of the run; nil: it is given in epochs of images that are not on this machine.
  private func length() -> Int? {
    guard let epochs = draft.config.epochs else { return draft.config.steps }
    return length(epochs: epochs)?.count
  }

  /// The steps of some epochs; nil: the images are not on this machine.
  private func length(epochs: Int) -> (count: Int, formula: String)? {
    guard !dataset.training.isEmpty, let images = ImportedFolder.imagesPerEpoch(dataset.training)
    else { return nil }
    let config = draft.config
    return ImportDraft.steps(
      epochs: epochs, images: images, batchSize: config.batchSize,
      accumulation: config.gradientAccumulation)
  }

  /// The steps of some epochs. Reports and returns nil if the images are not on this machine.
  private mutating func steps(
    _ epochs: ForeignSetting
  ) throws(ImportError) -> (count: Int, formula: String)? {
    if let length = length(epochs: try epochs.integer()) { return length }
    draft.note(
      epochs, .noCounterpart,
      "the images are not on this machine to be counted; set the number of steps to epochs x "
        + "images x repeats / batch_size / gradient_accumulation")
    return nil
  }

  // MARK: Checkpoints, samples

  private mutating func setChecks() throws(ImportError) {
    if let every = try interval("save_every_n_steps", "save_every_n_epochs") {
      draft.set(\.$checkpointEvery, to: every)
    }
    for name in ["save_last_n_steps", "save_last_n_epochs"] {
      guard let last = options.take(name), !last.value.isOff else { continue }
      let isSteps = name.hasSuffix("steps")
      let unit = draft.config.checkpointEvery
      let number = try last.integer()
      draft.set(\.$keepLast, to: max(1, isSteps ? stepsHere(number) / max(unit, 1) : number))
      draft.note(
        last, .approximated, "keep_last \(draft.config.keepLast ?? 1): a number of checkpoints")
    }
    if let every = try interval("sample_every_n_steps", "sample_every_n_epochs") {
      draft.set(\.$sampleEvery, to: every)
    }
    if let every = try options.integer("validate_every_n_steps") {
      draft.set(\.$validateEvery, to: stepsHere(every))
    }
    if let prompts = options.take("sample_prompts"), !prompts.value.isOff {
      try KohyaPrompts(prompts).apply(to: &draft)
    }
    draft.setTensorBoard(options.take("logging_dir"), tracker: options.take("log_with"))
  }

  /// A number of steps, or of epochs in steps.
  private mutating func interval(_ steps: String, _ epochs: String) throws(ImportError) -> Int? {
    let perEpoch = options.take(epochs).flatMap { $0.value.isOff ? nil : $0 }
    if let every = options.take(steps), !every.value.isOff {
      return stepsHere(try every.integer())
    }
    guard let perEpoch, let length = try self.steps(perEpoch) else { return nil }
    draft.note(perEpoch, .approximated, "every \(length.count) steps: \(length.formula)")
    return length.count
  }
}
