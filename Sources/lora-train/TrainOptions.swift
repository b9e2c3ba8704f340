import ArgumentParser
import DreamBooth
import Foundation

/// The training options, each also an option of the configuration file in snake_case.
struct TrainOptions: ParsableArguments {
  @Option(help: "Optimizer steps.")
  var steps: Int?
  @Option(help: "Base model: a diffusers folder, or the name of an installed one.")
  var model: String?
  @Option(help: "Folder with the pictures and captions. Default: Datasets/<subject>.")
  var dataset: String?
  @Option(help: "Configuration file. Default: Configs/<subject>.yaml when it is there.")
  var config: String?
  @Option(help: "Side of the square that training sees, in pixels. Default: the model's own.")
  var resolution: Int?
  @Option(help: "Pictures in one forward pass.")
  var batchSize: Int?
  @Option(help: "Forward passes in one optimizer step.")
  var gradientAccumulation: Int?
  @Option(help: "Rank of the LoRA.")
  var rank: Int?
  @Option(help: "The LoRA is scaled by alpha / rank. Default: the rank.")
  var alpha: Double?
  @Option(help: "Peak learning rate.")
  var learningRate: Double?
  @Option(help: "Every random draw follows from this number.")
  var seed: UInt64?
  @Option(help: "Type of the frozen base: fp32, bf16 or fp16. Default: bf16 on a GPU, else fp32.")
  var precision: String?
  @Option(help: "Where to train: auto, cpu, cuda or cuda:N.")
  var device: String?
  @Option(help: "CPU threads. Default: one for each core.")
  var threads: Int?
  @Flag(inversion: .prefixedNo, help: "Recompute activations to save memory.")
  var gradientCheckpointing: Bool?
  @Option(help: "Steps between checkpoints; 0: only at the end.")
  var checkpointEvery: Int?
  @Option(help: "Steps between sample grids; 0: none.")
  var sampleEvery: Int?
  @Option(help: "What to draw in the sample grids; give it again for more rows.")
  var samplePrompt: [String] = []
  @Option(help: "Sampler steps of a sample.")
  var sampleSteps: Int?

  /// The configuration of a run: these flags over the files over the defaults. Throws
  /// `ConfigError`.
  func resolve(subject: String) throws -> TrainingConfig {
    var flags = ConfigFlags()
    flags.set(.subject, to: subject)
    flags.set(.steps, to: steps)
    flags.set(.model, to: model)
    flags.set(.dataset, to: dataset)
    flags.set(.resolution, to: resolution)
    flags.set(.batchSize, to: batchSize)
    flags.set(.gradientAccumulation, to: gradientAccumulation)
    flags.set(.rank, to: rank)
    flags.set(.alpha, to: alpha)
    flags.set(.learningRate, to: learningRate)
    flags.set(.seed, to: seed)
    flags.set(.precision, to: precision)
    flags.set(.device, to: device)
    flags.set(.threads, to: threads)
    flags.set(.gradientCheckpointing, to: gradientCheckpointing)
    flags.set(.checkpointEvery, to: checkpointEvery)
    flags.set(.sampleEvery, to: sampleEvery)
    flags.set(.samplePrompts, toList: samplePrompt)
    flags.set(.sampleSteps, to: sampleSteps)
    return try TrainingConfig.load(flags: flags, file: config.map { URL(filePath: $0) })
  }
}
