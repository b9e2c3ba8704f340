import ArgumentParser
import DreamBooth
import Foundation
import Torch

/// Files that say what to draw.
struct SourceOptions: ParsableArguments {
  @Option(
    help: .value(
      "Draw a picture again as its file says; what is said besides wins over that.", "file.png"))
  var from: String?
  @Option(
    help: .value(
      "Draw a campaign: all that a template with lists describes, into the folder --output. What is "
        + "there already stays.", "file.yaml"))
  var prompts: String?
  @Flag(help: "With --prompts: say what would be drawn, and draw nothing.")
  var dryRun = false

  func validate() throws {
    if from != nil && prompts != nil {
      throw ValidationError("--from and --prompts both say what to draw; choose one.")
    }
    if dryRun && prompts == nil {
      throw ValidationError("--dry-run lists the pictures of a campaign; give one with --prompts.")
    }
  }

  /// What this program recorded in the picture to draw again; nil where there is no such picture.
  func record() throws -> PictureRecord? {
    guard let from,
      case .record(let record) = try RecordedPicture(contentsOf: URL(filePath: from))
    else { return nil }
    return record
  }

  /// Throws `PictureRecordError` where the picture's files have another content now, unless they were
  /// said anew; says what else may make other bytes.
  func check(_ recorded: PictureRecord, against now: PictureRecord) throws {
    let given = GivenOptions.ofProcess
    var differences: [String] = []
    func compare(_ kind: String, _ old: PictureRecord.Source?, _ new: PictureRecord.Source?) {
      guard let old, old.sha256 != new?.sha256 else { return }
      differences.append("\(kind) \(old.path) has other content")
    }
    if !given.contains("--model", "--run") { compare("the model", recorded.model, now.model) }
    if !given.contains("--vae", "--model") { compare("the VAE", recorded.vae, now.vae) }
    if !given.contains("--refiner") {
      compare("the refiner", recorded.refiner?.model, now.refiner?.model)
    }
    if !given.contains("--image") {
      compare("the picture to draw over,", recorded.image?.picture, now.image?.picture)
    }
    if !given.contains("--lora", "--run") {
      for (old, new) in zip(recorded.adapters, now.adapters) where old.sha256 != new.sha256 {
        differences.append("the adapter \(old.path) has other content")
      }
    }
    guard differences.isEmpty else {
      throw PictureRecordError.differs(file: from ?? "", differences: differences)
    }
    let machine = recorded.machineDifferences(from: now)
    if !machine.isEmpty {
      Console.say(
        "Note: \(from ?? "") was drawn with \(machine.joined(separator: ", ")); the new picture may "
          + "differ a little.")
    }
  }
}
