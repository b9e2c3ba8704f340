import ArgumentParser
import Files
import Foundation
import RunLog
import Workspace

/// `lora-train runs`.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists all runs.")

  @Flag(help: "Print one JSON array.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let summaries = try root.library().summaries()
    if json { return try Console.result(json: summaries) }
    if summaries.isEmpty {
      let folder = root.project.url.relativePath
      return Console.message(
        FileManager.default.fileExists(atPath: folder)
          ? "No runs in \(folder) yet; start one with --subject."
          : "\(folder) does not exist, so there are no runs; give another folder with --root, or start a "
            + "run with --subject.")
    }
    try Console.result(
      Table(
        header: ["run", "subject", "status", "step", "loss", "s/step", "started"],
        rows: summaries.map { summary in
          let run = summary.run
          return [
            "\(run.id)", run.subject, run.status.rawValue, "\(run.step)/\(run.steps)",
            Format.loss(run.loss), Format.seconds(summary.secondsPerStep),
            Format.date(run.startedAt),
          ]
        }
      ).text)
  }
}
