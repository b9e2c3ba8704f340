import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// `lora-train rerun RUN`.
struct RerunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun",
    abstract: "Trains a finished run again, and says whether the same adapter came out.",
    discussion: """
      The configuration is the run's own; pictures, captions and base model are first found to be the \
      same by their hashes. The exit code is 0 for the same bytes, 65 for others.
      """)

  @Argument(
    help: ArgumentHelp("The run's number, or latest.", valueName: "run"),
    transform: RunReference.parse)
  var reference: RunReference
  @OptionGroup var root: RootOption

  func run() throws {
    let record = try reference.find(below: root).run
    let checkpoint = try record.folder(below: root).checkpoint(step: nil)
    let state = try checkpoint.state()
    guard state.step >= state.config.steps else {
      throw UsageError(
        "Run \(record.id) is at step \(state.step) of \(state.config.steps); finish it first with "
          + "lora-train resume \(record.id).")
    }
    if let change = (state.continuations ?? []).flatMap(\.changes).first {
      Console.say(
        "Note: run \(record.id) was continued with a change (\(change)), so it cannot come out the "
          + "same.")
    }
    let session = try TrainingSession(state.config, process: RunOptions.parse([]), root: root)
    let again = try session.trainAgain(record, state)
    let (first, second) = try (
      checkpoint.verify(), again.folder(below: root).checkpoint(step: state.step).verify()
    )
    guard first == second else {
      throw AdapterDiffers(runs: (record.id, again.id), hashes: (first, second))
    }
    Console.say("Runs \(record.id) and \(again.id) have the same adapter, SHA-256 \(first).")
  }
}

/// A training that came out otherwise the second time.
struct AdapterDiffers: Error, CustomStringConvertible {
  let runs: (Int64, Int64)
  let hashes: (String, String)

  var description: String {
    "The adapters of run \(runs.0) (SHA-256 \(hashes.0)) and run \(runs.1) (\(hashes.1)) differ; "
      + "lora-train doctor says what is promised of this device."
  }
}
