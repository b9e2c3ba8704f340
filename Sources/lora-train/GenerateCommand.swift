import ArgumentParser
import DreamBooth
import Foundation
import RunLog
import StableDiffusion

/// `lora-train generate --prompt TEXT`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws pictures with a base model, and adapters on it.")

  @Option(help: .value("What to draw.", "text"))
  var prompt: String
  @Option(help: .value("What to keep away from. Default: what the model means by nothing.", "text"))
  var negative: String?
  @Option(
    help: .value(
      "Base model: a diffusers folder, or the name of an installed one. Default: the run's, else "
        + "\(BaseModels.standardHelp).", "model"))
  var model: String?
  @Option(
    help: .value("An adapter and its strength; give it again for several.", "file[:scale]"),
    transform: AdapterChoice.parse)
  var lora: [AdapterChoice] = []
  @Option(
    name: .customLong("run"),
    help: .value("A run's adapter: the run's number, or latest.", "run[@step]"),
    transform: CheckpointReference.parse)
  var reference: CheckpointReference?
  @Option(help: .value("Sampler steps.", "n"))
  var steps = 30
  @Option(help: .value("How closely to follow the prompt; 1: no guidance.", "x"))
  var guidance = 5.0
  @Option(help: .value("Default: the model's own size.", "pixels"))
  var width: Int?
  @Option(help: .value("Default: the model's own size.", "pixels"))
  var height: Int?
  @Option(help: .value("Decides the picture; the same seed gives the same one.", "n"))
  var seed: UInt64 = 0
  @Option(help: .value("How many pictures, with seed, seed + 1, and so on.", "n"))
  var count = 1
  @Option(
    help: .value(
      "Type to compute in: \(Precision.allowed). Default: bf16 on a GPU, else fp32.", "type"))
  var precision: String?
  @Option(help: .value("Where to draw: \(DeviceChoice.allowed).", "device"))
  var device = "auto"
  @Option(help: .value("A .png file, or a folder for several pictures.", "file or folder"))
  var output = "picture.png"
  @OptionGroup var root: RootOption

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count), but must be from 1 to 1000.")
    }
    if seed.addingReportingOverflow(UInt64(count - 1)).overflow {
      throw ValidationError("--seed is \(seed), which leaves no room for \(count) seeds.")
    }
    if !(guidance >= 0 && guidance.isFinite) {
      throw ValidationError("--guidance is \(guidance), but must be a number of at least 0.")
    }
    if DeviceChoice(rawValue: device) == nil {
      throw ValidationError("--device is \(device), but must be \(DeviceChoice.allowed).")
    }
    if let precision, Precision(rawValue: precision) == nil {
      throw ValidationError("--precision is \(precision), but must be \(Precision.allowed).")
    }
  }

  func run() throws {
    let place = try PicturePlace(output, count: count)
    for choice in lora where !FileManager.default.fileExists(atPath: choice.path) {
      throw NothingFound("There is no adapter \(choice.path); give --lora a .safetensors file.")
    }
    let run = try reference?.run.find(below: root).run
    let models = BaseModels(root: root)
    let directory = try models.open(model ?? run?.model ?? models.standardName())
    let side = (directory.unet.sampleSize ?? 128) * directory.vae.scale
    var adapters = lora
    if let run {
      let checkpoint = try run.folder(below: root).checkpoint(step: reference?.step)
      adapters.append(
        AdapterChoice(
          path: checkpoint.adapter.relativePath, strength: 1,
          name: "\(run.subject)@\(checkpoint.step)"))
    }
    let device = try (DeviceChoice(rawValue: device) ?? .auto).resolve()
    let precision = precision.flatMap(Precision.init) ?? .standard(on: device)
    let pipeline = StableDiffusionXLPipeline(
      directory, adapters: try adapters.read(for: directory, device: device),
      dtype: precision.dtype, device: device)
    let series = PictureSeries(
      prompt: prompt, negative: negative, width: width ?? side, height: height ?? side,
      steps: steps, guidance: guidance, seeds: (0..<UInt64(count)).map { seed + $0 })
    try pipeline.draw(series, progress: showStep) { seed, picture in
      let parameters = PictureParameters(
        prompt: prompt, negative: negative, steps: steps,
        scheduler: directory.scheduler.className, guidance: guidance, seed: seed,
        model: directory.url.lastPathComponent, adapters: adapters.map(\.label))
      let file = place.file(seed: seed)
      try PictureFile.write(picture, parameters: parameters, to: file)
      try Console.answer(file.relativePath)
    }
  }

  private func showStep(seed: UInt64, step: Int) {
    guard Console.isTerminal else { return }
    let isLast = step == steps && seed == self.seed + UInt64(count - 1)
    let picture = count == 1 ? "" : "Picture \(seed - self.seed + 1) of \(count), "
    Console.redraw(isLast ? "" : "\(picture)step \(step) of \(steps)")
  }
}
