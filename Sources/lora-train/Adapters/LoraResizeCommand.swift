import Adapters
import ArgumentParser
import Drawing
import StableDiffusion
import Torch

/// `lora-train lora resize FILE --rank N --output FILE`.
struct LoraResizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Lowers the rank of a LoRA.",
    discussion: """
      Each layer becomes the closest one of the new rank. alpha / rank stays as it is. The methods are \
      those of kohya's resize_lora.py.
      """)

  @Argument(help: ArgumentHelp("LoRA file.", valueName: "file"))
  var file: String
  @OptionGroup(title: "Rank") var rank: RankFlags
  @OptionGroup(title: "Output") var output: LoraOutput
  @OptionGroup(title: "Output") var report: LayerReport
  @OptionGroup var model: LoraModelOptions

  func validate() throws {
    guard rank.rule != nil else {
      throw ValidationError(
        "There is no new rank; give --rank, --sv-fro, --sv-cumulative or --sv-ratio.")
    }
  }

  func run() throws {
    let url = try output.place()
    let adapter = try AdapterChoice(path: file, strength: 1).open()
    let model = try model.model(of: [adapter])
    let set = try adapter.adapters(for: model.layers, strength: 1, device: .cpu)
    let made = try LayerProgress.run { progress in
      try AdapterMerge.merge(set, of: model.layers, rule: rank.rule, progress: progress)
    }
    var metadata = try adapter.keptMetadata()
    metadata.merge(made.metadata(of: model.unet)) { $1 }
    let comment = metadata["ss_training_comment"].map { "; \($0)" } ?? ""
    metadata["ss_training_comment"] = "resized by lora-train\(comment)"
    try output.write(made.adapters, of: model.layers, from: [adapter], metadata: metadata, to: url)
    try report.print(made, output: output.output)
  }
}
