import Adapters
import ArgumentParser
import Drawing
import Foundation
import StableDiffusion
import Workspace

/// `lora-train lora extract --from BASE --to MODEL --output FILE`.
struct LoraExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Makes a LoRA of the difference of two models.",
    discussion: """
      The base model with the LoRA draws approximately what the fine-tuned model draws. Both are read \
      layer by layer, so memory holds two weights at a time. The rank is \(standardRank) unless \
      options choose another.
      """)

  private static let standardRank = 32

  @Option(help: .value("Base model, which the LoRA is for.", "model"))
  var from: String
  @Option(help: .value("Model that was fine-tuned from it.", "model"))
  var to: String
  @Option(
    help: ArgumentHelp(
      """
      Layers of the UNet. attention: the projections of the attentions. linear: all linear layers of \
      the transformers. all: all linear layers and convolutions of the blocks. Default: linear.
      """, valueName: "layers"), transform: named)
  var layers = AdapterExtraction.Layers.linear
  @Flag(help: "Add the text encoders.")
  var textEncoders = false
  @Option(
    help: .value("Leave out layers in which no weight differs by more than this. Default: 0.", "x"))
  var minDiff: Double?
  @OptionGroup(title: "Rank") var rank: RankFlags
  @OptionGroup(title: "Output") var output: LoraOutput
  @OptionGroup(title: "Output") var report: LayerReport
  @Option(
    help: .value("Device to compute on: \(DeviceChoice.allowed). Default: auto.", "device"),
    transform: device)
  var device = DeviceChoice.auto
  @OptionGroup var root: RootOption

  func validate() throws {
    if let minDiff, !(minDiff >= 0 && minDiff.isFinite) {
      throw ValidationError("--min-diff is \(minDiff), but must be 0 or more.")
    }
  }

  func run() throws {
    let url = try output.place()
    let device = try device.resolve()
    let models = BaseModels(root: root)
    let (base, tuned) = (try models.open(from), try models.open(to))
    let extraction = try AdapterExtraction(
      from: base, to: tuned, layers: layers, textEncoders: textEncoders)
    let made = try LayerProgress.run { progress in
      try extraction.extract(
        by: rank.rule ?? RankRule(.limit, limit: Self.standardRank), minimum: minDiff ?? 0,
        device: device, progress: progress)
    }
    var spec = ModelSpec(
      title: URL(filePath: output.output).deletingPathExtension().lastPathComponent, of: base.unet)
    spec.mergedFrom = [to, from].map { URL(filePath: $0).lastPathComponent }
    try output.write(
      made.adapters, of: AdaptableLayers(base),
      metadata: made.metadata(of: base.unet).merging(spec.metadata) { $1 }, to: url)
    try report.print(made, output: output.output)
  }

  private static func device(_ text: String) throws -> DeviceChoice {
    guard let device = DeviceChoice(rawValue: text) else {
      throw ValidationError("there is no \(text); choose \(DeviceChoice.allowed)")
    }
    return device
  }
}
