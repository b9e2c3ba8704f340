import ArgumentParser
import Drawing
import Files
import Foundation
import NN
import Options
import Pages
import Ranks
import RunLog
import StableDiffusion
import Studio
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
  @OptionGroup var average: AverageFlag
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
  @OptionGroup(title: "Several processes") var ranks: RankOptions
  @OptionGroup var root: RootOption

  func validate() throws {
    for strength in strength where !strength.isFinite {
      throw ValidationError("--strength is \(strength), but must be a number.")
    }
    try checkingUsage { try flags().check() }
  }

  func run() throws { try ranks.run(run) }

  private func run(_ ranks: RankGroup?) throws {
    let signal = StopSignal()
    let library = try root.library()
    var wish = ComparisonPlan.Wish(
      (references.isEmpty ? [.latest] : references).map(average.applied))
    (wish.prompts, wish.seeds, wish.strengths) = (prompt, seed.map(\.seed), strength)
    wish.hasBase = base
    wish.request = try flags()
    let plan = try ComparisonPlan(
      wish, in: library, models: BaseModels(root: root), report: Console.report)
    if let threads = plan.options.threads { Backend.threads = threads }
    let folder =
      output.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? root.project.folder(of: plan.runs[0].run).url.appending(path: "comparison")
    try PicturePlace.makeWritable(folder)
    let drawn = seed.filter(\.isDrawn).map(\.seed)
    if !drawn.isEmpty { Console.note(drawn: drawn, of: "seed") }
    for note in plan.options.notes(on: plan.comparison.prompts) { Console.note(note) }
    let caches = root.project.caches(orIn: folder)
    let drawing = try plan.drawing(caches: caches, ranks: ranks)
    for note in try plan.modelNotes(in: library, caches: caches) { Console.note(note) }
    let display = DrawingDisplay()
    func draw(only chosen: Set<Int>? = nil) throws -> [[URL]] {
      try drawing.draw(
        only: chosen,
        progress: { progress in
          if ranks.isStopped(by: signal) { throw Stopped() }
          display.show(progress)
        }, note: { display.note("\($0)") })
    }
    let pictures: [[URL]]
    do {
      if let ranks {
        try ranks.requireSame(["pictures": drawing.fingerprint()])
        let missing = try ranks.fromLeader { try drawing.missing() }
        let own = missing.indices.filter(ranks.share.contains).map { missing[$0] }
        try Optional(ranks).drawing { _ = try draw(only: Set(own)) }
        guard ranks.isLeader else { return }
      }
      pictures = try draw()
      display.end()
    } catch is Stopped {
      display.end()
      Console.message("Stopped; the same command draws the missing pictures.")
      throw ExitCode(130)
    }
    let summary = plan.summary
    for file in try write(summary, of: plan.comparison, pictures, to: folder) {
      try Console.result(file.relativePath)
    }
    for sentence in summary.sentences { Console.message(sentence) }
  }

  /// Writes the page and the sheet, and returns their files. Throws `FileAccessError`, `ImageError`,
  /// `PageError`.
  private func write(
    _ summary: ComparisonSummary, of comparison: Comparison, _ pictures: [[URL]], to folder: URL
  ) throws -> [URL] {
    let sheet = folder.appending(path: "sheet.png")
    let page = folder.appending(path: "index.html")
    try ComparisonSheet(comparison, title: [summary.title] + summary.sentences)
      .write(pictures, to: sheet)
    let html = try ComparisonPage(summary) { row, column in
      "data:image/png;base64,\(try Self.bytes(of: pictures[row][column]).base64EncodedString())"
    }.standalone()
    try DurableFile.replace(page, with: Data(html.utf8))
    return [page, sheet]
  }

  private static func bytes(of file: URL) throws(FileAccessError) -> Data {
    do {
      return try Data(contentsOf: file)
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }

  private func flags() throws(ConfigError) -> DrawingRequest {
    try DrawingRequest(
      flags: [
        model.overrides, picture.overrides, prompts.overrides, refiner.overrides,
        conditioning.overrides, machine.overrides,
      ])
  }
}
