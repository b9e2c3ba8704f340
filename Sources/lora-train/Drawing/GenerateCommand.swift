import ArgumentParser
import Drawing
import Files
import Foundation
import Options
import Ranks
import RunLog
import StableDiffusion
import Torch
import Training
import Workspace

/// `lora-train generate --prompt TEXT`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws pictures with a base model and adapters.")

  @OptionGroup(title: OptionSection.subject.title) var subject: TableFlags<DrawingFlags.Subject>
  @OptionGroup(title: "What to draw, from a file") var source: SourceOptions
  @OptionGroup(title: OptionSection.model.title) var model: TableFlags<DrawingFlags.Model>
  @OptionGroup(title: OptionSection.model.title) var runFlag: RunFlag
  @OptionGroup(title: OptionSection.picture.title) var picture: TableFlags<DrawingFlags.Picture>
  @OptionGroup(title: OptionSection.prompts.title) var prompts: TableFlags<DrawingFlags.Prompts>
  @OptionGroup(title: OptionSection.start.title) var start: TableFlags<DrawingFlags.Start>
  @OptionGroup(title: OptionSection.refiner.title) var refiner: TableFlags<DrawingFlags.Refiner>
  @OptionGroup(title: OptionSection.conditioning.title)
  var conditioning: TableFlags<DrawingFlags.Conditioning>
  @OptionGroup(title: OptionSection.machine.title) var machine: TableFlags<DrawingFlags.Machine>
  @OptionGroup(title: "Output") var output: OutputFlags
  @OptionGroup(title: "Several processes") var ranks: RankOptions
  @OptionGroup var root: RootOption

  struct RunFlag: ParsableArguments {
    @Option(
      name: .customLong("run"),
      help: .value(
        "Adapter and base model of a run: its number or latest. Default step: the newest.",
        "run[@step]"),
      transform: CheckpointReference.parse)
    var checkpoint: CheckpointReference?
    @OptionGroup var average: AverageFlag

    /// The checkpoint with its adapter or average.
    var reference: CheckpointReference? { checkpoint.map(average.applied) }

    func validate() throws {
      if checkpoint == nil, average.ema {
        throw ValidationError("--ema is for the checkpoint of a run; name the run with --run.")
      }
    }
  }

  struct OutputFlags: ParsableArguments {
    @Option(
      help: .value(
        "A .png file, or a folder for several pictures. Default: \(PicturePlace.standard), or with a "
          + "number if that exists.", "file or folder"))
    var output: String?
    @Flag(help: "Replace existing pictures.")
    var overwrite = false
  }

  func validate() throws {
    let given = try checkingUsage { try flags() }
    let isPromptGiven = given.gives(\.$prompt)
    if source.prompts != nil && isPromptGiven {
      throw ValidationError("--prompt and --prompts exclude each other; choose one.")
    }
    if !isPromptGiven && source.prompts == nil && source.from == nil {
      throw ValidationError(
        "There is nothing to draw: give --prompt, a picture with --from or a template with --prompts."
      )
    }
  }

  func run() throws { try ranks.run(run) }

  private func run(_ ranks: RankGroup?) throws {
    let flags = try requestWithRun()
    if let seed = flags.drawnSeed { Console.note(drawn: seed) }
    if let threads = flags.options.threads { Backend.threads = threads }
    if let template = source.prompts {
      return try CampaignRun(
        template: template, flags: flags, output: output, dryRun: source.dryRun, ranks: ranks
      )
      .run { try self.tools($0, ranks) }
    }
    let signal = StopSignal()
    let recorded = try source.recorded(besides: flags)
    let request = recorded.map { flags.over($0.request) } ?? flags
    try request.check()
    let options = request.options
    let tools = try self.tools(options, ranks)
    // Another number of threads may round differently.
    if let record = recorded?.record, !tools.device.isCUDA, options.threads == nil {
      Backend.threads = record.threads
    }
    for note in options.notes() { Console.note(note) }
    var series = options.series(side: tools.model.resolution)
    for note in tools.embeddingNotes([series]) { Console.note("\(note)") }
    series.image = try StartImages { Console.message($0) }
      .image(options, width: series.width, height: series.height)
    let sampler = options.scheduler
    if let record = recorded?.record {
      let now = tools.record(series, seed: options.seed, sampler: sampler)
      try source.check(record, against: now, besides: flags)
    }
    let adapters = try tools.adapterSet(for: options.prompt) { Console.note("\($0)") }
    let pipeline = tools.pipeline(sampler, adapters: adapters)
    let seeds = series.seeds
    let find = {
      let place = try PicturePlace(output.output, seeds: seeds, overwrite: output.overwrite)
      return seeds.map { place.file(seed: $0).relativePath }
    }
    let files = try ranks?.fromLeader(find) ?? find()
    let places = Dictionary(zip(seeds, files.map { URL(filePath: $0) })) { $1 }
    if let ranks {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      let records = seeds.map { tools.record(series, seed: $0, sampler: sampler) }
      try ranks.requireSame(["pictures": ContentHash.of(encoder.encode(records))])
      series.seeds = seeds.indices.filter(ranks.share.contains).map { seeds[$0] }
    }
    let display = DrawingDisplay()
    let profile = try StepProfile()
    var counter = DrawingCounter(count: series.seeds.count)
    do {
      try ranks.drawing {
        guard !series.seeds.isEmpty else { return }
        try tools.draw(
          series, by: pipeline, sampler: sampler, to: { places[$0] ?? URL(filePath: files[0]) },
          progress: { step in
            display.show(counter.next(step, ofSeriesOf: series.seeds.count))
            profile?.finished(step.step)
            if ranks.isStopped(by: signal) { throw Stopped() }
          },
          note: { display.note("\($0)") },
          written: { file in
            display.end()
            try Console.result(file.relativePath)
          })
      }
      profile?.end()
    } catch is Stopped {
      display.end()
      profile?.end()
      throw ExitCode(130)
    }
  }

  /// The options given as flags. Throws `ConfigError`.
  private func flags() throws(ConfigError) -> DrawingRequest {
    try DrawingRequest(
      flags: [
        subject.overrides, model.overrides, picture.overrides, prompts.overrides,
        start.overrides, refiner.overrides, conditioning.overrides, machine.overrides,
      ])
  }

  /// The same with the model and adapter of `--run`. Throws `RunError`, `RunLogError`,
  /// `CheckpointError`.
  private func requestWithRun() throws -> DrawingRequest {
    var flags = try flags()
    guard let reference = runFlag.reference else { return flags }
    if let note = try root.library().add(reference, to: &flags) { Console.note(note) }
    return flags
  }

  /// Opens the models and adapters of the options. Throws `BaseModelError` and errors of the files.
  private func tools(_ options: DrawingOptions, _ ranks: RankGroup?) throws -> DrawingTools {
    var options = options
    options.device = try ranks.map(options.device.placed) ?? options.device
    let tools = try BaseModels(root: root).tools(options, caches: root.caches)
    if let reference = runFlag.reference, try !flags().gives(\.$model),
      let note = try RunLibrary(root.project).note(on: tools, for: reference)
    {
      Console.note(note)
    }
    return tools
  }
}
