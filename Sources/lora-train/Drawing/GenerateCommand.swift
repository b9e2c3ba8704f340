public import ArgumentParser
import DreamBooth
import Foundation
import RunLog
public import StableDiffusion
import Torch

/// `lora-train generate --prompt TEXT`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws pictures with a base model, and adapters on it.")

  @Option(help: .value("What to draw. Needed, unless --from or --prompts says it.", "text"))
  var prompt: String?
  @Option(help: .value("What to keep away from. Default: what the model means by nothing.", "text"))
  var negative: String?
  @Option(
    help: .value(
      "Base model: a diffusers folder, a .safetensors file in the original layout, or the name of an "
        + "installed one. Default: the run's, else "
        + "\(BaseModels.standardHelp).", "model"))
  var model: String?
  @Option(
    help: .value(
      "Another VAE: a diffusers folder, or a .safetensors file. Default: the model's own.", "vae"))
  var vae: String?
  @Option(
    help: .value(
      "An adapter and its strength, which may be negative; give it again for several.",
      "file[:scale]"),
    transform: AdapterChoice.parse)
  var lora: [AdapterChoice] = []
  @Option(
    name: .customLong("run"),
    help: .value("A run's adapter: the run's number, or latest.", "run[@step]"),
    transform: CheckpointReference.parse)
  var reference: CheckpointReference?
  @Flag(
    inversion: .prefixedNo,
    help: .init(
      "Add the adapters to the weights before drawing, which is faster. Default: in fp32, where the "
        + "picture stays the same."))
  var mergeAdapters: Bool?
  @Option(help: .value("Sampler steps.", "n"))
  var steps = 30
  @Option(
    help: .value(
      "The sampler: \(SchedulerName.allowed). Default: the model's own.", "name"))
  var scheduler: String?
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
  @Option(help: .value("Whether the VAE works in squares, for less memory.", "choice"))
  var vaeTiling = VAETiling.automatic
  @Option(
    help: .value(
      "A .png file, or a folder for several pictures. Default: \(PicturePlace.standard), or with a "
        + "number where that is taken.", "file or folder"))
  var output: String?
  @Flag(help: "Replace pictures that are there already.")
  var overwrite = false
  @OptionGroup(title: "What to draw, from a file") var source: SourceOptions
  @OptionGroup(title: "Prompts") var prompts: PromptOptions
  @OptionGroup(title: "Drawing over a picture") var startImage: StartImageOptions
  @OptionGroup(title: "Refiner") var refiner: RefinerOptions
  @OptionGroup(title: "Guidance and conditioning") var conditioning: ConditioningOptions
  @OptionGroup var root: RootOption

  func validate() throws {
    if (prompt == nil) == (source.prompts == nil) {
      throw ValidationError(
        prompt == nil
          ? "There is nothing to draw: give --prompt, a picture with --from or a template with "
            + "--prompts."
          : "--prompt and --prompts both say what to draw; choose one.")
    }
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count), but must be from 1 to 1000.")
    }
    if seed.addingReportingOverflow(UInt64(count - 1)).overflow {
      throw ValidationError("--seed is \(seed), which leaves no room for \(count) seeds.")
    }
    if !(guidance >= 0 && guidance.isFinite) {
      throw ValidationError("--guidance is \(guidance), but must be a number of at least 0.")
    }
    try DrawingChecks.check(
      width: width, height: height, scheduler: scheduler, precision: precision, device: device)
  }

  func run() throws {
    if let template = source.prompts { return try CampaignRun(self, template: template).run() }
    let signal = StopSignal()
    let seeds = (0..<UInt64(count)).map { seed + $0 }
    let recorded = try source.record()
    let tools = try DrawingTools(self)
    // Other numbers of threads may round otherwise.
    if let recorded, !tools.device.isCUDA { Backend.threads = recorded.threads }
    var series = try series(side: tools.side, seeds)
    let sampler = sampler
    if let recorded {
      try source.check(recorded, against: tools.record(series, seed: seed, sampler: sampler))
    }
    let pipeline = tools.pipeline(sampler, adapters: try tools.adapterSet())
    let place = try PicturePlace(output, seeds: seeds, overwrite: overwrite)
    let progress = DrawingProgress(pictures: count)
    var isTiled = false
    do {
      try pipeline.draw(
        series,
        progress: { step in
          progress.show(step)
          if signal.isRaised { throw Stopped() }
        },
        note: { note in
          if case .tiled = note { isTiled = true }
          progress.say(note.description)
        },
        receive: { seed, picture in
          progress.end()
          let file = place.file(seed: seed)
          if isTiled { series.tiling = .always }
          try PictureFile.write(
            picture, record: tools.record(series, seed: seed, sampler: sampler),
            sampler: SamplerTitle(tools.scheduler(sampler)), to: file)
          try Console.answer(file.relativePath)
        })
    } catch is Stopped {
      progress.end()
      throw ExitCode(130)
    }
  }

  /// The sampler that was said.
  var sampler: SchedulerName? { scheduler.flatMap { SchedulerName($0) } }

  /// The adapters on the command line and that of a run.
  func adapters(of run: Run?) throws -> [AdapterChoice] {
    guard let run else { return lora }
    let checkpoint = try run.folder(below: root).checkpoint(step: reference?.step)
    return lora + [
      AdapterChoice(
        path: checkpoint.adapter.relativePath, strength: 1,
        name: "\(run.subject)@\(checkpoint.step)")
    ]
  }

  func series(
    side: Int, _ seeds: [UInt64], images: StartImages = StartImages()
  ) throws -> PictureSeries {
    var series = PictureSeries(
      prompt: prompt ?? "", negative: negative, width: width ?? side, height: height ?? side,
      steps: steps, guidance: guidance, seeds: seeds)
    series.reading = prompts.reading
    series.tiling = vaeTiling
    conditioning.apply(to: &series)
    refiner.apply(to: &series)
    series.image = try images.image(startImage, width: series.width, height: series.height)
    return series
  }
}

extension VAETiling: ExpressibleByArgument {}
