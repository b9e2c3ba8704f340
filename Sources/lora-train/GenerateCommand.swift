import ArgumentParser
import DreamBooth
import Foundation
import NN
import RunLog
import StableDiffusion
import Torch

/// `lora-train generate --prompt TEXT`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws pictures with a base model, and adapters on it.")

  @Option(help: "What to draw.")
  var prompt: String
  @Option(help: "What to keep away from. Default: what the model means by nothing.")
  var negative: String?
  @Option(help: "Base model: a diffusers folder, or the name of an installed one.")
  var model: String?
  @Option(help: "An adapter, FILE or FILE:SCALE; give it again for several.")
  var lora: [AdapterChoice] = []
  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("A run's adapter: RUN, latest, or RUN@STEP.", valueName: "run"))
  var reference: RunReference?
  @Option(help: "Sampler steps.")
  var steps = 30
  @Option(help: "How closely to follow the prompt; 1: no guidance.")
  var guidance = 5.0
  @Option(help: "Pixels. Default: the model's own size.")
  var width: Int?
  @Option(help: "Pixels. Default: the model's own size.")
  var height: Int?
  @Option(help: "Decides the picture; the same seed gives the same one.")
  var seed: UInt64 = 0
  @Option(help: "How many pictures, with seed, seed + 1, and so on.")
  var count = 1
  @Option(help: "Type to compute in: fp32, bf16 or fp16. Default: bf16 on a GPU, else fp32.")
  var precision: String?
  @Option(help: "Where to draw: auto, cpu, cuda or cuda:N.")
  var device = "auto"
  @Option(help: "A .png file, or a folder for several pictures.")
  var output = "picture.png"
  @OptionGroup var root: RootOption

  func validate() throws {
    if count < 1 { throw ValidationError("--count is \(count), but must be 1 or more.") }
    if count > 1, output.hasSuffix(".png") {
      throw ValidationError("--count is \(count), so --output must be a folder, not \(output).")
    }
    if DeviceChoice(rawValue: device) == nil {
      throw ValidationError("--device is \(device), but must be \(DeviceChoice.allowed).")
    }
    if let precision, Precision(rawValue: precision) == nil {
      throw ValidationError("--precision is \(precision), but must be \(Precision.allowed).")
    }
  }

  func run() throws {
    let record = try reference.map { try $0.run(in: root.runLog()) }
    let directory = try BaseModels(root: root).open(model ?? record?.model)
    var adapters = lora
    if let record {
      let checkpoint = try record.folder(below: root).checkpoint(step: reference?.step)
      adapters.append(AdapterChoice(path: checkpoint.adapter.relativePath, strength: 1))
    }
    let drawing = try Drawing(
      model: directory, adapters: adapters, device: DeviceChoice(rawValue: device) ?? .auto,
      precision: precision.flatMap(Precision.init))
    let side = (directory.unet.sampleSize ?? 128) * directory.vae.scale
    for index in 0..<count {
      let parameters = PictureParameters(
        prompt: prompt, negative: negative, steps: steps,
        scheduler: directory.scheduler.className, guidance: guidance, seed: seed + UInt64(index),
        model: directory.url.lastPathComponent, adapters: adapters.map(\.label))
      let picture = try drawing.draw(parameters, width: width ?? side, height: height ?? side)
      let file = self.file(seed: parameters.seed)
      try PictureFile.write(picture, parameters: parameters, to: file)
      Console.answer(file.relativePath)
    }
  }

  private func file(seed: UInt64) -> URL {
    output.hasSuffix(".png")
      ? URL(filePath: output) : URL(filePath: output).appending(path: "\(seed).png")
  }
}

extension AdapterChoice {
  /// As the picture's parameters name it.
  var label: String { "\(URL(filePath: path).lastPathComponent):\(strength)" }
}
