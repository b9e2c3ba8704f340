import ArgumentParser
import DreamBooth
import Foundation
import NN
import Pages
import RunLog
import StableDiffusion
import Torch

/// `lora-train compare RUN[@STEP]...`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Draws the same prompts with several checkpoints, side by side.",
    discussion: """
      Writes index.html, which needs no server and no other file, and sheet.png. Each picture is drawn \
      once; comparing again with a further checkpoint or prompt draws only what is new.
      """)

  @Argument(
    help: ArgumentHelp(
      "Runs, for all of their checkpoints, or checkpoints. Default: the latest run.",
      valueName: "run[@step]"),
    transform: CheckpointReference.parse)
  var references: [CheckpointReference] = []
  @Option(
    help: .value(
      "What to draw; give it again for several. Default: the run's sample prompts.", "text"))
  var prompt: [String] = []
  @Option(help: .value("What to keep away from. Default: what the model means by nothing.", "text"))
  var negative: String?
  @Option(
    help: .value(
      "Each prompt is drawn from each of these; give it again for several. Default: the run's.", "n"
    ))
  var seed: [UInt64] = []
  @Option(
    help: .value("Strength of the adapters; give it again for several. Default: 1.", "x"))
  var strength: [Double] = []
  @Flag(inversion: .prefixedNo, help: "A column by the untouched base.")
  var base = true
  @Option(
    help: .value(
      "Base model: a diffusers folder, a .safetensors file, or the name of an installed one. Default: "
        + "the runs'.", "model"))
  var model: String?
  @Option(help: .value("Sampler steps. Default: as the run's samples.", "n"))
  var steps: Int?
  @Option(
    help: .value(
      "How closely to follow the prompt; 1: no guidance. Default: as the run's samples.", "x"))
  var guidance: Double?
  @Option(help: .value("The sampler: \(SchedulerName.allowed). Default: the model's own.", "name"))
  var scheduler: String?
  @Option(help: .value("Default: as the run's samples.", "pixels"))
  var width: Int?
  @Option(help: .value("Default: as the run's samples.", "pixels"))
  var height: Int?
  @Option(
    help: .value(
      "Type to compute in: \(Precision.allowed). Default: bf16 on a GPU, else fp32.", "type"))
  var precision: String?
  @Option(help: .value("Where to draw: \(DeviceChoice.allowed).", "device"))
  var device = "auto"
  @Option(
    help: .value("Default: comparison in the folder of the first run.", "folder"))
  var output: String?
  @OptionGroup(title: "Refiner: columns beside those without it") var refiner: RefinerOptions
  @OptionGroup var root: RootOption

  func validate() throws {
    if let guidance, !(guidance >= 0 && guidance.isFinite) {
      throw ValidationError("--guidance is \(guidance), but must be a number of at least 0.")
    }
    for strength in strength where !strength.isFinite {
      throw ValidationError("--strength is \(strength), but must be a number.")
    }
    try DrawingChecks.check(
      width: width, height: height, scheduler: scheduler, precision: precision, device: device)
  }

  func run() throws {
    let signal = StopSignal()
    let latest = CheckpointReference(run: .latest, step: nil)
    let runs = try ComparedRun.all(references.isEmpty ? [latest] : references, root: root)
    let models = BaseModels(root: root)
    let directory = try models.open(model ?? Self.commonModel(of: runs))
    let refinerModel = try refiner.refiner.map { try models.open($0, as: .refiner) }
    let comparison = comparison(of: runs, by: directory)
    let folder =
      output.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? runs[0].run.folder(below: root).url.appending(path: "comparison")
    try PicturePlace.makeWritable(folder)
    let device = try (DeviceChoice(rawValue: device) ?? .auto).resolve()
    let type = precision.flatMap(Precision.init) ?? .standard(on: device)
    let drawing = try ComparisonDrawing(
      comparison, base: directory, refiner: refinerModel,
      sampler: scheduler.flatMap { SchedulerName($0) }, dtype: type.dtype, device: device,
      caches: root.caches)
    let pictures: [[URL]]
    do {
      pictures = try drawing.draw(
        progress: { done, count in
          if signal.isRaised { throw Stopped() }
          guard Console.isTerminal else { return }
          Console.redraw(done == count ? "" : "Picture \(done + 1) of \(count)")
        }, note: { Console.say("Note: \($0)") })
    } catch is Stopped {
      Console.say("Stopped; the same command goes on, and draws only what is missing.")
      throw ExitCode(130)
    }
    let report = ComparisonReport(
      comparison, runs: runs, model: directory, refiner: refinerModel, precision: type)
    for file in try report.write(pictures, to: folder) { try Console.answer(file.relativePath) }
    for sentence in report.sentences { Console.say(sentence) }
  }

  private func comparison(
    of runs: [ComparedRun], by model: ModelDirectory
  ) -> Comparison {
    let config = runs[0].config
    let side = config.resolution ?? (model.unet.sampleSize ?? 128) * model.vae.scale
    var style = PictureSeries(
      prompt: "", negative: negative, width: width ?? side, height: height ?? side,
      steps: steps ?? config.sampleSteps, guidance: guidance ?? config.sampleGuidance, seeds: [])
    refiner.apply(to: &style)
    let rounds = refiner.refiner == nil ? [false] : [false, true]
    let untouched = rounds.map { isRefined in
      Comparison.Column(
        label: isRefined ? "base, refiner" : "base", adapter: nil, isRefined: isRefined)
    }
    let trained = runs.flatMap { run in
      rounds.flatMap {
        run.columns(strengths: strength.isEmpty ? [1] : strength, isRefined: $0)
      }
    }
    return Comparison(
      columns: (base ? untouched : []) + trained,
      prompts: prompt.isEmpty ? config.samplePrompts : prompt,
      seeds: seed.isEmpty ? config.sampleSeeds : seed, style: style)
  }

  /// The base model that all runs were trained on. Throws `UsageError` where they differ.
  private static func commonModel(of runs: [ComparedRun]) throws -> String {
    let first = runs[0].run
    for other in runs.map(\.run) where other.model != first.model {
      throw UsageError(
        "Run \(first.id) was trained on \(first.model) and run \(other.id) on \(other.model); "
          + "compare runs of one base model, or name the one to draw with by --model.")
    }
    return first.model
  }
}
