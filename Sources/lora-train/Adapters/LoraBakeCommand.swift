import Adapters
import ArgumentParser
import Drawing
import Foundation
import StableDiffusion
import Torch
import Workspace

/// `lora-train lora bake FILE... --model MODEL --output PLACE`.
struct LoraBakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bake",
    abstract: "Adds LoRAs to a base model and saves the new model.",
    discussion: """
      An --output that ends in .safetensors is one file in the layout of SDXL's original \
      implementation; any other is a folder in diffusers' layout. The new model draws what the base \
      model draws with the LoRAs.
      """)

  @Argument(
    help: ArgumentHelp(
      "LoRA files, each with a strength after a colon: dog.safetensors:0.8. Default strength: 1.",
      valueName: "file[:strength]"),
    transform: AdapterChoice.parse)
  var files: [AdapterChoice]
  @Option(help: .value("Base model. Default: \(BaseModels.standardHelp).", "model"))
  var model: String?
  @Option(help: .value("File or folder to write.", "file or folder"))
  var output: String
  @Flag(help: "Replace an existing model.")
  var overwrite = false
  @Option(
    help: .value(
      "Number format of the weights: fp32, fp16 or bf16. Default: that of each weight.", "type"),
    transform: named)
  var precision: Precision?
  @OptionGroup var root: RootOption

  func run() throws {
    let isFile = output.hasSuffix(".\(ModelDirectory.fileExtension)")
    let url = URL(filePath: output, directoryHint: isFile ? .notDirectory : .isDirectory)
    try checkOutput(url, isFile: isFile)
    let signal = StopSignal()
    let models = BaseModels(root: root)
    let name = try model ?? models.standardName()
    let base = try models.open(name)
    let layers = AdaptableLayers(base)
    let adapters = AdapterSet.sum(
      try files.map {
        try $0.open().adapters(for: layers, strength: $0.strength, device: .cpu)
      })
    let line = StatusLine()
    defer { line.end() }
    do {
      let baking = try AdapterBaking(adapters, into: base, dtype: precision?.dtype)
      let progress = { (share: Double) in
        if signal.isRaised { throw Stopped() }
        line.show("Writing, \(Int(100 * share)) %")
      }
      if isFile {
        try baking.writeFile(url, metadata: metadata(of: base, named: name), progress: progress)
      } else {
        try baking.writeFolder(url, progress: progress)
      }
    } catch is Stopped {
      throw ExitCode(130)
    }
    line.end()
    try Console.result(output)
  }

  /// Throws `OutputError`, `UsageError` for an output that is not replaced.
  private func checkOutput(_ url: URL, isFile: Bool) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    guard overwrite else { throw OutputError.exists(output) }
    guard ModelDirectory.isModel(at: url) else {
      throw UsageError(
        "\(output) is not a model, so it is not replaced; choose another --output.")
    }
  }

  /// What other programs show of the file (Stability AI's modelspec 1.0.1).
  private func metadata(of base: ModelDirectory, named name: String) -> [String: String] {
    let isVelocity = base.scheduler.predictionType == .vPrediction
    return [
      "format": "pt",
      "modelspec.sai_model_spec": "1.0.1",
      "modelspec.architecture": "stable-diffusion-xl-v1-base",
      "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
      "modelspec.title": URL(filePath: output).deletingPathExtension().lastPathComponent,
      "modelspec.merged_from": ([name] + files.map { "\($0.name):\($0.strength)" }).joined(
        separator: ", "),
      "modelspec.prediction_type": isVelocity ? "v" : "epsilon",
      "modelspec.resolution": "\(base.resolution)x\(base.resolution)",
    ]
  }
}
