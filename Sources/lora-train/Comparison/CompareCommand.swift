import ArgumentParser
import Drawing
import Files
import Foundation
import NN
import Options
import Pages
import RunLog
import StableDiffusion
import Torch
import Training
import Workspace

/// `lora-train compare RUN[@STEP]...`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Draws the same prompts with several checkpoints.",
    discussion: """
      Writes index.html, a page that needs no server and no other file, and sheet.png. Each picture is \
      drawn once: a comparison with a further checkpoint or prompt draws only the new pictures.
      """)

  @Argument(
    help: ArgumentHelp(
      "Runs with all of their checkpoints, or single checkpoints. Default: the latest run.",
      valueName: "run[@step]"),
    transform: CheckpointReference.parse)
  var references: [CheckpointReference] = []
  @Option(
    help: .value(
      "Prompt. Can be repeated. Default: the run's sample prompts.", "text"))
  var prompt: [String] = []
  @Option(
    help: .value(
      "Seed that each prompt is drawn with. A negative one is replaced by a random one. Can be "
        + "repeated. Default: the run's sample seeds.", "n"))
  var seed: [SeedFlag] = []
  @Option(
    help: .value("Strength of the adapters. Can be repeated. Default: 1.", "x"))
  var strength: [Double] = []
  @Flag(inversion: .prefixedNo, help: "Add a column of the base model alone.")
  var base = true
  @Option(
    help: .value(
      "Folder for the page and the sheet. Default: comparison in the folder of the first run.",
      "folder"))
  var output: String?
  @OptionGroup var model: TableFlags<DrawingFlags.ComparedModel>
  @OptionGroup(title: "Picture. Size, steps and guidance default to those of the run's samples")
  var picture: TableFlags<DrawingFlags.Picture>
  @OptionGroup(title: OptionSection.prompts.title) var prompts: TableFlags<DrawingFlags.Prompts>
  @OptionGroup(title: "Refiner, in additional columns")
  var refiner: TableFlags<DrawingFlags.Refiner>
  @OptionGroup(title: OptionSection.conditioning.title)
  var conditioning: TableFlags<DrawingFlags.Conditioning>
  @OptionGroup(title: OptionSection.machine.title) var machine: TableFlags<DrawingFlags.Machine>
  @OptionGroup var root: RootOption

  func validate() throws {
    for strength in strength where !strength.isFinite {
      throw ValidationError("--strength is \(strength), but must be a number.")
    }
    try checkingUsage { try flags().check() }
  }

  func run() throws {
    let signal = StopSignal()
    let library = try root.library()
    let runs = try ComparedRun.all(
      references.isEmpty ? [.latest] : references, in: library, report: Console.report)
    let options = try flags().over(Self.samples(of: runs[0].config)).options
    if let threads = options.threads { Backend.threads = threads }
    let models = BaseModels(root: root)
    let directory = try models.open(options.model ?? Self.commonModel(of: runs))
    let refinerModel = try options.refiner.map { try models.open($0, as: .refiner) }
    let comparison = comparison(of: runs, options, side: directory.resolution)
    let folder =
      output.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? root.project.folder(of: runs[0].run).url.appending(path: "comparison")
    try PicturePlace.makeWritable(folder)
    let drawn = seed.filter(\.isDrawn).map(\.seed)
    if !drawn.isEmpty { Console.note(drawn: drawn, of: "seed") }
    for note in options.notes(on: comparison.prompts) { Console.note(note) }
    let device = try options.device.resolve()
    let precision = options.precision ?? .standard(on: device)
    let drawing = try ComparisonDrawing(
      comparison, base: directory, refiner: refinerModel, precision: precision, device: device,
      caches: root.project.caches(orIn: folder))
    if options.model == nil {
      // The comparison has hashed the model and saved the hashes.
      let hashes = FileHashes(in: root.project.caches(orIn: folder))
      for run in runs {
        let step = run.checkpoints.last?.folder.step
        let note = try library.note(on: directory, for: run.run, step: step, hashes: hashes)
        if let note { Console.note(note) }
      }
    }
    let display = DrawingDisplay()
    let pictures: [[URL]]
    do {
      pictures = try drawing.draw(
        progress: { progress in
          if signal.isRaised { throw Stopped() }
          display.show(progress)
        }, note: { display.note("\($0)") })
      display.end()
    } catch is Stopped {
      display.end()
      Console.message("Stopped; the same command draws the missing pictures.")
      throw ExitCode(130)
    }
    let report = ComparisonReport(
      comparison, runs: runs, model: directory, refiner: refinerModel, precision: precision)
    for file in try report.write(pictures, to: folder) { try Console.result(file.relativePath) }
    for sentence in report.sentences { Console.message(sentence) }
  }

  private func flags() throws(ConfigError) -> DrawingRequest {
    try DrawingRequest(
      flags: [
        model.overrides, picture.overrides, prompts.overrides, refiner.overrides,
        conditioning.overrides, machine.overrides,
      ])
  }

  /// The options of a run's samples.
  private static func samples(of config: TrainingConfig) -> DrawingRequest {
    var request = DrawingRequest()
    request.set(\.$steps, to: config.sampleSteps)
    request.set(\.$guidance, to: config.sampleGuidance)
    // The samples are read in chunks, as the captions are.
    if config.maxCaptionTokens > 75 { request.set(\.$longPrompts, to: true) }
    if let resolution = config.resolution {
      request.set(\.$width, to: resolution)
      request.set(\.$height, to: resolution)
    }
    return request
  }

  private func comparison(
    of runs: [ComparedRun], _ options: DrawingOptions, side: Int
  ) -> Comparison {
    let config = runs[0].config
    let rounds = options.refiner == nil ? [false] : [false, true]
    let untrained = rounds.map { isRefined in
      Comparison.Column(
        label: isRefined ? "base, refiner" : "base", adapter: nil, isRefined: isRefined)
    }
    let trained = runs.flatMap { run in
      rounds.flatMap {
        run.columns(strengths: strength.isEmpty ? [1] : strength, isRefined: $0)
      }
    }
    return Comparison(
      columns: (base ? untrained : []) + trained,
      prompts: prompt.isEmpty ? config.samplePrompts : prompt,
      seeds: seed.isEmpty ? config.sampleSeeds : seed.map(\.seed), options: options, side: side)
  }

  /// The base model of all runs. Throws `UsageError` if they have several.
  private static func commonModel(of runs: [ComparedRun]) throws -> String {
    let first = runs[0].run
    for other in runs.map(\.run) where other.model != first.model {
      throw UsageError(
        "Run \(first.id) was trained on \(first.model) and run \(other.id) on \(other.model); "
          + "compare runs of one base model, or choose the model to draw with by --model.")
    }
    return first.model
  }
}
