import Adapters
import ArgumentParser
import DemoScores
import Foundation
import Images
import StableDiffusion

/// `demo-scores --adapter FILE --subject NAME`: counts the pictures in which an adapter draws its
/// subject.
@main
struct DemoScoresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-scores",
    abstract: "Counts the pictures in which a demonstration subject is recognised.",
    discussion: """
      Draws the subject on backgrounds that it was not trained on, with the base model and with the \
      adapter, from the same prompts and seeds. With --pictures it scores existing pictures instead.
      """)

  @Option(
    help: ArgumentHelp("The subject to recognise: dhoni, teapot or rocket.", valueName: "name"))
  var subject: String
  @Option(help: ArgumentHelp("The adapter to score, a .safetensors file.", valueName: "file"))
  var adapter: String?
  @Option(help: ArgumentHelp("Score the .png files in this folder instead.", valueName: "folder"))
  var pictures: String?
  @Option(help: ArgumentHelp("The base model, a diffusers folder.", valueName: "folder"))
  var model = "Checkpoints/base/demo"
  @Option(help: ArgumentHelp("Number of pictures to draw with each of the two.", valueName: "n"))
  var count = 24
  @Option(help: ArgumentHelp("Seed of the first picture; each later one adds 1.", valueName: "n"))
  var seed: UInt64 = 1000
  @Option(help: ArgumentHelp("Sampler steps.", valueName: "n"))
  var steps = 20
  @Option(help: ArgumentHelp("How closely to follow the prompt.", valueName: "x"))
  var guidance = 3.0
  @Option(
    help: ArgumentHelp(
      "Write the pictures here, and comparison.png with base above adapter.", valueName: "folder"))
  var output: String?
  @Option(
    help: ArgumentHelp(
      "Stop as soon as fewer than this many pictures can show the subject.", valueName: "n"))
  var atLeast: Int?
  @Flag(name: .customLong("no-base"), help: "Draw with the adapter only, in half the time.")
  var skipsBase = false
  @Flag(help: "Print one JSON document with the findings of every picture.")
  var json = false

  func validate() throws {
    guard (adapter == nil) != (pictures == nil) else {
      throw ValidationError("Give either --adapter or --pictures.")
    }
    guard output == nil || (!skipsBase && atLeast == nil) else {
      throw ValidationError(
        "--output compares all pictures with the base's; leave out --no-base and --at-least.")
    }
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count), but must be from 1 to 1000.")
    }
    guard (1...1000).contains(steps) else {
      throw ValidationError("--steps is \(steps), but must be from 1 to 1000.")
    }
  }

  func run() throws {
    let appearance = try SubjectAppearance.named(subject)
    let detector = try SubjectDetector(appearance)
    let report: ScoreReport
    if let adapter {
      report = try scores(of: adapter, appearance, detector)
    } else {
      let files = try PictureFolder.pictures(in: URL(filePath: pictures ?? ""))
      let findings = try files.map { try detector.detect(in: ImageDecoder.decode(contentsOf: $0)) }
      report = ScoreReport(
        subject: subject, files: files.map(\.lastPathComponent), findings: findings)
    }
    print(json ? try report.json() : report.line)
  }

  /// Draws with the adapter, and without it unless `skipsBase`, and scores the pictures.
  private func scores(
    of adapter: String, _ appearance: SubjectAppearance, _ detector: SubjectDetector
  ) throws -> ScoreReport {
    guard FileManager.default.fileExists(atPath: adapter) else {
      throw ValidationError("There is no adapter \(adapter); give --adapter a .safetensors file.")
    }
    let artist = try Artist(
      model: ModelDirectory(URL(filePath: model)), steps: steps, guidance: guidance)
    let backgrounds = (0..<count).map {
      appearance.testBackgrounds[$0 % appearance.testBackgrounds.count]
    }
    var findings: [PictureFinding] = []
    let drawn = try artist.draw(
      backgrounds.map(appearance.prompt), firstSeed: seed,
      adapter: AdapterFile(contentsOf: URL(filePath: adapter)), drawsBase: !skipsBase
    ) { picture in
      findings.append(try detector.detect(in: picture))
      return findings.count { !$0.isPresent } <= count - (atLeast ?? 0)
    }
    if let output, let base = drawn.base {
      let folder = URL(filePath: output, directoryHint: .isDirectory)
      try ContactSheet(base: base, adapter: drawn.adapter).write(to: folder)
    }
    return try ScoreReport(
      subject: subject, findings: findings, base: drawn.base?.map(detector.detect),
      asked: backgrounds)
  }
}
