import Adapters
import ArgumentParser
import Drawing
import Files
import Foundation
import StableDiffusion
import Torch

/// `lora-train lora merge FILE[:STRENGTH]... --output FILE`.
struct LoraMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merges LoRAs into one, each at its strength.",
    discussion: """
      Without a rank the result is exact: the ranks of the files add up. With a rank, each layer \
      becomes the closest one of that rank. A layer may be in some of the files only.
      """)

  @Argument(
    help: ArgumentHelp(
      "LoRA files, each with a strength after a colon: dog.safetensors:0.8. Default strength: 1.",
      valueName: "file[:strength]"),
    transform: AdapterChoice.parse)
  var files: [AdapterChoice]
  @OptionGroup(title: "Rank") var rank: RankFlags
  @OptionGroup(title: "Output") var output: LoraOutput
  @OptionGroup(title: "Output") var report: LayerReport
  @OptionGroup var model: LoraModelOptions

  func run() throws {
    let url = try output.place()
    let adapters = try files.map { try $0.open() }
    let model = try model.model(of: adapters)
    let set = try AdapterSet.sum(
      zip(files, adapters).map {
        try $1.adapters(for: model.layers, strength: $0.strength, device: .cpu)
      })
    let made = try LayerProgress.run { progress in
      try AdapterMerge.merge(set, of: model.layers, rule: rank.rule, progress: progress)
    }
    var spec = ModelSpec(title: title, of: model.unet)
    spec.mergedFrom = files.map { "\($0.name):\($0.strength.short)" }
    try output.write(
      made.adapters, of: model.layers, from: adapters,
      metadata: made.metadata(of: model.unet).merging(spec.metadata) { $1 }, to: url)
    try report.print(made, output: output.output)
  }

  private var title: String {
    URL(filePath: output.output).deletingPathExtension().lastPathComponent
  }
}
