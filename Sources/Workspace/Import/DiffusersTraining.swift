import Datasets
import Foundation
import NN
import Options
import Training

/// The translation of a training with diffusers' `train_dreambooth_lora_sdxl.py`.
struct DiffusersTraining {
  private(set) var draft: ImportDraft
  private var options: ForeignOptions
  /// The number of processes of `accelerate launch`.
  private let processes: Int

  /// - Parameter options: The flags of the script.
  init(
    _ options: ForeignOptions, processes: Int, names: SubjectNames, _ draft: ImportDraft
  ) throws(ImportError) {
    self.options = options
    self.processes = processes
    self.draft = draft
    self.draft.setModel(self.options.take("pretrained_model_name_or_path"))
    let folder = setFolders(names)
    try setImages()
    try setAdapter()
    try setLength(folder)
    try setOptimizer()
    try setPrior()
    try setChecks(folder)
    self.draft.note(self.options.all, by: .diffusers)
  }

  /// Sets subject and dataset. Returns the folder with the images, if it is named.
  private mutating func setFolders(_ names: SubjectNames) -> ImportedFolder? {
    let prompt = options.take("instance_prompt")
    let path = options.text("instance_data_dir")
    let subject = names.subject(path.map { URL(filePath: $0).lastPathComponent })
    draft.set(\.$subject, to: subject)
    let repeats = options.take("repeats")
    if let repeats {
      draft.note(repeats, .notNeeded, "repeats of a single folder only decide how long an epoch is")
    }
    guard let path else {
      if let prompt { draft.note(prompt, .noCounterpart, "there is no instance_data_dir") }
      return nil
    }
    let folder = ImportedFolder(
      path: path, repeats: repeats?.value.asInteger ?? 1, caption: prompt?.value.text)
    draft.setDataset([folder], subject: subject, subjectFolder: names.folder)
    if let prompt {
      draft.note(
        prompt, .approximated, "the caption of images without a .txt file, in subject.yaml")
    }
    return folder
  }

  private mutating func setImages() throws(ImportError) {
    if let setting = options.take("resolution") {
      let side = try setting.integer()
      draft.setResolution(setting, width: side, height: side)
    } else {
      draft.set(\.$resolution, to: 1024)
    }
    draft.set(\.$buckets, to: false)
    let isCentered = try options.flag("center_crop")
    draft.set(\.$crop, to: isCentered ? .center : .random)
    if try options.flag("random_flip") { draft.set(\.$flip, to: true) }
    draft.set(\.$masks, to: false)
    draft.set(\.$batchSize, to: try options.integer("train_batch_size") ?? 4)
  }

  private mutating func setDropout() throws(ImportError) {
    guard let setting = options.take("lora_dropout") else { return }
    let share = try setting.number()
    guard share > 0 else { return }
    draft.set(\.adaptation.$adapterDropout, to: share)
    if draft.config.adaptation.adapter == .lora {
      draft.note(
        setting, .approximated,
        "it leaves out values of down(x), as sd-scripts does, and not of the layer's input x")
    }
  }

  private mutating func setAdapter() throws(ImportError) {
    draft.set(\.$rank, to: try options.integer("rank") ?? 4)
    if let alpha = try options.number("lora_alpha") { draft.set(\.$alpha, to: alpha) }
    if try options.flag("use_dora") { draft.set(\.adaptation.$adapter, to: .dora) }
    try setDropout()
    try setEmbedding()
    let rate = options.take("text_encoder_lr")
    let share = options.take("train_text_encoder_frac")
    guard try options.flag("train_text_encoder") else {
      for setting in [rate, share].compactMap(\.self) {
        draft.note(setting, .notNeeded, "the text encoders are not trained")
      }
      return
    }
    if let share = try share?.number(), share > 0, share < 1 {
      draft.set(\.text.$textEncoderStopAt, to: share)
    }
    draft.set(\.text.$trainTextEncoders, to: .both)
    // The default of the script.
    let number = try rate?.number() ?? 5e-6
    draft.set(\.text.$textEncoderLearningRate, to: EncoderRates("\(number)"))
  }

  /// Pivotal tuning of the advanced script, which trains vectors of a new word instead of adapters of the text
  /// encoders.
  private mutating func setEmbedding() throws(ImportError) {
    let share = options.take("train_text_encoder_ti_frac")
    let count = options.take("num_new_tokens_per_abstraction")
    let start = options.take("initializer_concept")
    guard try options.flag("train_text_encoder_ti") else {
      for setting in [share, count, start].compactMap(\.self) {
        draft.note(setting, .notNeeded, "no vectors are trained")
      }
      return
    }
    // The default of the script.
    draft.set(\.text.$embeddingTokens, to: min(8, max(1, try count?.integer() ?? 2)))
    if let start { draft.set(\.text.$embeddingInit, to: start.value.text) }
    let part = try share?.number() ?? 0.5
    if part > 0, part < 1 { draft.set(\.text.$textEncoderStopAt, to: part) }
  }

  private mutating func setLength(_ folder: ImportedFolder?) throws(ImportError) {
    try draft.setSeed(options.take("seed"))
    draft.setPrecision(options.take("mixed_precision"))
    draft.set(\.$gradientCheckpointing, to: try options.flag("gradient_checkpointing"))
    if let accumulation = try options.integer("gradient_accumulation_steps") {
      draft.set(\.$gradientAccumulation, to: accumulation)
    }
    let epochs = options.take("num_train_epochs")
    if let steps = try options.integer("max_train_steps") {
      draft.set(\.$steps, to: steps)
      if let epochs { draft.note(epochs, .notNeeded, "max_train_steps decides the length") }
    } else {
      draft.set(
        \.$epochs, to: try epochs?.integer() ?? 1,
        comment: epochs == nil ? "the default of the script" : nil)
    }
  }

  /// The steps of some epochs. Reports and returns nil if the images are not on this machine.
  private mutating func steps(
    _ epochs: ForeignSetting, _ folder: ImportedFolder?
  ) throws(ImportError) -> (count: Int, formula: String)? {
    let count = try epochs.integer()
    guard let folder, let images = ImportedFolder.imagesPerEpoch([folder]) else {
      draft.note(
        epochs, .noCounterpart,
        "the images are not on this machine to be counted; set the number of steps to epochs x "
          + "images x repeats / batch_size / gradient_accumulation")
      return nil
    }
    return ImportDraft.steps(
      epochs: count, images: images, batchSize: draft.config.batchSize,
      accumulation: draft.config.gradientAccumulation)
  }

  private mutating func setOptimizer() throws(ImportError) {
    var optimizer = options.take("optimizer")
    if let flag = options.take("use_8bit_adam"), !flag.value.isOff {
      optimizer = ForeignSetting(name: flag.name, value: .text("AdamW8bit"), place: flag.place)
    }
    let imported = ImportedOptimizer(optimizer, &draft)
    imported.apply(to: &draft)
    let rate = options.take("learning_rate")
    let scaling = options.take("scale_lr").flatMap { $0.value.isOff ? nil : $0 }
    if let scaling, !imported.findsRate, imported.kind != nil {
      let config = draft.config
      let factors = [config.batchSize, config.gradientAccumulation, processes]
      let factor = factors.reduce(1) { $0 * Double($1) }
      let product = try (rate?.number() ?? 1e-4) * factor
      draft.set(\.optimization.$learningRate, to: product)
      draft.note(
        scaling, .approximated, "learning_rate \(product): \(factor.text) times the given one")
    } else {
      try draft.setRate(rate, of: imported) { $0.set(\.optimization.$learningRate, to: 1e-4) }
      if let scaling { draft.note(scaling, .notNeeded, "the optimizer finds its rate itself") }
    }
    try setProdigy(imported)
    draft.set(\.optimization.$weightDecay, to: try options.number("adam_weight_decay") ?? 1e-4)
    if let beta = try options.number("adam_beta1") { draft.set(\.optimization.$beta1, to: beta) }
    if let beta = try options.number("adam_beta2") { draft.set(\.optimization.$beta2, to: beta) }
    if let epsilon = try options.number("adam_epsilon") {
      draft.set(\.optimization.$epsilon, to: epsilon)
    }
    if let norm = try options.number("max_grad_norm") {
      draft.set(\.optimization.$maxGradientNorm, to: norm > 0 ? norm : nil)
    }
    if let cycles = try options.integer("lr_num_cycles") {
      draft.set(\.optimization.$learningRateCycles, to: cycles)
    }
    if let power = try options.number("lr_power") {
      draft.set(\.optimization.$learningRatePower, to: power)
    }
    let warmUp = options.take("lr_warmup_steps")
    draft.setSchedule(
      options.take("lr_scheduler"), steps: try warmUp?.integer() ?? 500, warmUp: warmUp)
    draft.set(\.objective.$minSNRGamma, to: try options.number("snr_gamma"))
    if let offset = try options.number("noise_offset"), offset > 0 {
      draft.set(\.objective.$noiseOffset, to: offset)
    }
  }

  /// The constants of Prodigy, which the script has flags for. Its own defaults are on.
  private mutating func setProdigy(_ optimizer: ImportedOptimizer) throws(ImportError) {
    let names = ["prodigy_use_bias_correction", "prodigy_safeguard_warmup"]
    let settings = names.map { options.take($0) }
    guard optimizer.kind == .prodigy else {
      for setting in settings.compactMap(\.self) {
        draft.note(setting, .notNeeded, "it has no effect without Prodigy")
      }
      return
    }
    draft.set(
      \.optimization.$prodigyBiasCorrection, to: settings[0].map { !$0.value.isOff } ?? true)
    draft.set(
      \.optimization.$prodigySafeguardWarmup, to: settings[1].map { !$0.value.isOff } ?? true)
  }

  private mutating func setPrior() throws(ImportError) {
    let isPreserved = try options.flag("with_prior_preservation")
    let names = ["class_data_dir", "class_prompt", "num_class_images", "prior_loss_weight"]
    let settings = Dictionary(
      uniqueKeysWithValues: names.compactMap { name in options.take(name).map { (name, $0) } })
    guard isPreserved else {
      for name in names {
        guard let setting = settings[name] else { continue }
        draft.note(setting, .notNeeded, "it has no effect without with_prior_preservation")
      }
      return
    }
    let count = try settings["num_class_images"]?.integer() ?? 100
    draft.set(\.$priorImages, to: count)
    if let prompt = settings["class_prompt"] {
      draft.set(\.$classPrompts, to: [prompt.value.text])
    }
    if let weight = settings["prior_loss_weight"] {
      draft.set(\.$priorWeight, to: try weight.number())
    }
    guard let folder = settings["class_data_dir"] else { return }
    let found = ImportedFolder(path: folder.value.text).imageCount ?? 0
    if found >= count {
      draft.set(\.$priorFolder, to: folder.value.text)
    } else {
      draft.note(
        folder, .approximated,
        "it has \(found) of \(count) images here, so the base model draws all of them")
    }
  }

  private mutating func setChecks(_ folder: ImportedFolder?) throws(ImportError) {
    if let every = try options.integer("checkpointing_steps") {
      draft.set(\.$checkpointEvery, to: every)
    }
    if let limit = options.take("checkpoints_total_limit"), !limit.value.isOff {
      draft.set(\.$keepLast, to: try limit.integer())
    }
    draft.setTensorBoard(options.take("logging_dir"), tracker: options.take("report_to"))
    let count = options.take("num_validation_images")
    let epochs = options.take("validation_epochs")
    guard let prompt = options.text("validation_prompt") else {
      for setting in [count, epochs].compactMap(\.self) {
        draft.note(setting, .notNeeded, "there is no validation_prompt")
      }
      return
    }
    draft.set(\.$samplePrompts, to: [prompt])
    if let count {
      let first = draft.config.seed
      let number = try count.converted(
        { $0.asInteger.flatMap { $0 <= 1000 ? $0 : nil } }, "a whole number up to 1000")
      draft.set(\.$sampleSeeds, to: (0..<max(1, number)).map { first &+ UInt64($0) })
    }
    if let epochs, let length = try steps(epochs, folder) {
      draft.set(\.$sampleEvery, to: length.count)
      draft.note(epochs, .approximated, "a sample every \(length.count) steps: \(length.formula)")
    }
  }
}
