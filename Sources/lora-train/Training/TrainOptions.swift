import ArgumentParser
import DreamBooth
import Foundation

/// The training options, each also an option of the configuration file in snake_case.
struct TrainOptions: ParsableArguments {
  private static let defaults = TrainingConfig()

  @Option(help: .value("Optimizer steps. Default: \(defaults.steps).", "n"))
  var steps: Int?
  @Option(
    help: .value(
      "Base model: a diffusers folder, a .safetensors file in the original layout, or "
        + "the name of an installed one. Default: "
        + "\(BaseModels.standardHelp).", "model"))
  var model: String?
  @Option(
    help: .value(
      "Configuration file. Default: Configs/<subject>.yaml when it is there.", "file"))
  var config: String?
  @OptionGroup(title: "Pictures and captions") var data: DataOptions
  @Option(help: .value("Rank of the LoRA. Default: \(defaults.rank).", "n"))
  var rank: Int?
  @Option(help: .value("The LoRA is scaled by alpha / rank. Default: the rank.", "x"))
  var alpha: Double?
  @Option(help: .value("Peak learning rate. Default: \(defaults.learningRate).", "x"))
  var learningRate: Double?
  @Option(
    help: .value("Every random draw follows from this number. Default: \(defaults.seed).", "n"))
  var seed: UInt64?
  @Option(
    help: .value(
      "Type of the frozen base: \(Precision.allowed). Default: bf16 on a GPU, else fp32.", "type"))
  var precision: String?
  @Option(help: .value("Where to train: \(DeviceChoice.allowed). Default: auto.", "device"))
  var device: String?
  @Option(
    help: .value(
      "CPU threads. Default: one for each core; a run that goes on keeps its number.", "n"))
  var threads: Int?
  @Flag(
    help:
      "On a GPU: only kernels that give the same bits each time, so that a resume is exact. A CPU always is."
  )
  var deterministic = false
  @Flag(
    inversion: .prefixedNo,
    help: "Recompute activations: slower, for much less memory. Default: yes.")
  var gradientCheckpointing: Bool?
  @Option(
    help: .value(
      "Prior preservation: so many class images, pictures of other things of the subject's kind; "
        + "0: none. Default: as subject.yaml says, else all in --prior-folder, else 0.", "n"))
  var priorImages: Int?
  @Option(
    help: .value(
      "What class images show; give it again for several in turn. Default: as subject.yaml says, else a "
        + "photo of its class_word.", "text"))
  var classPrompt: [String] = []
  @Option(
    help: .value(
      "Folder with class images, used instead of drawing them with the base model.", "folder"))
  var priorFolder: String?
  @Option(
    help: .value(
      "How much the class images' loss counts beside that of the subject's pictures. Default: "
        + "\(defaults.priorWeight).", "x"))
  var priorWeight: Double?
  @Option(
    help: .value(
      "Class images in one forward pass, beside the subject's pictures. Default: as --batch-size.",
      "n"))
  var priorBatchSize: Int?
  @Option(
    help: .value(
      "Sampler steps of a class image that is drawn. Default: \(defaults.priorSteps).", "n"))
  var priorSteps: Int?
  @Option(
    help: .value(
      "Guidance scale of class images that are drawn; 1: none. Default: "
        + "\(defaults.priorGuidance).", "x"))
  var priorGuidance: Double?
  @Option(
    help: .value(
      "Steps between checkpoints; 0: only at the end. Default: \(defaults.checkpointEvery).", "n"))
  var checkpointEvery: Int?
  @Option(
    help: .value(
      "Keep only so many of the last checkpoints. The one with the lowest held-out loss and the final "
        + "one are always kept. Default: all.", "n"))
  var keepLast: Int?
  @Option(
    help: .value("And keep those at multiples of so many steps.", "n"))
  var keepEvery: Int?
  @Option(
    help: .value(
      "Steps between sample grids; 0: none. Default: as --checkpoint-every.", "n"))
  var sampleEvery: Int?
  @Option(
    help: .value(
      "Folder with pictures kept from training, to see over-fitting by their loss. Default: "
        + "\(HeldOut.folderName) in the dataset, when it is there.", "folder"))
  var validationDataset: String?
  @Option(
    help: .value(
      "Steps between evaluations of the held-out loss; 0: none. Default: as --checkpoint-every.",
      "n"))
  var validateEvery: Int?
  @Option(
    help: .value(
      "What to draw in the sample grids; give it again for more rows. Default: the subject's "
        + "caption.", "text"))
  var samplePrompt: [String] = []
  @Option(help: .value("Sampler steps of a sample. Default: \(defaults.sampleSteps).", "n"))
  var sampleSteps: Int?

  /// The configuration of a run: these flags over the files over the defaults. Throws
  /// `ConfigError`.
  func resolve(subject: String?) throws -> TrainingConfig {
    var flags = ConfigFlags()
    flags.set(.subject, to: subject)
    flags.set(.steps, to: steps)
    flags.set(.model, to: model)
    data.set(&flags)
    flags.set(.rank, to: rank)
    flags.set(.alpha, to: alpha)
    flags.set(.learningRate, to: learningRate)
    flags.set(.seed, to: seed)
    flags.set(.precision, to: precision)
    flags.set(.device, to: device)
    flags.set(.threads, to: threads)
    flags.set(.deterministic, to: deterministic ? true : nil)
    flags.set(.gradientCheckpointing, to: gradientCheckpointing)
    flags.set(.priorImages, to: priorImages)
    flags.set(.classPrompts, toList: classPrompt)
    flags.set(.priorFolder, to: priorFolder)
    flags.set(.priorWeight, to: priorWeight)
    flags.set(.priorBatchSize, to: priorBatchSize)
    flags.set(.priorSteps, to: priorSteps)
    flags.set(.priorGuidance, to: priorGuidance)
    flags.set(.checkpointEvery, to: checkpointEvery)
    flags.set(.keepLast, to: keepLast)
    flags.set(.keepEvery, to: keepEvery)
    flags.set(.sampleEvery, to: sampleEvery)
    flags.set(.validationDataset, to: validationDataset)
    flags.set(.validateEvery, to: validateEvery)
    flags.set(.samplePrompts, toList: samplePrompt)
    flags.set(.sampleSteps, to: sampleSteps)
    return try TrainingConfig.load(flags: flags, file: config.map { URL(filePath: $0) })
  }
}

extension ArgumentHelp {
  /// Help that calls the option's value by a word.
  static func value(_ text: String, _ name: String) -> ArgumentHelp {
    ArgumentHelp(text, valueName: name)
  }
}
