import ArgumentParser
import Files
import Foundation
import RunLog
import StableDiffusion
import Workspace

/// `lora-train models`.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Installs base models and publishes adapters.",
    discussion: """
      lora-train models pull sdxl installs Stable Diffusion XL from the Hugging Face Hub. Models are \
      folders below Checkpoints/base.
      """,
    subcommands: [
      ModelsListCommand.self, ModelsPullCommand.self, ModelsVerifyCommand.self,
      ModelsRemoveCommand.self, ModelsPushCommand.self,
    ],
    defaultSubcommand: ModelsListCommand.self)
}

/// `lora-train models list`.
struct ModelsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the installed base models, refiners and VAEs, and the runs that use them.")

  @Flag(help: "Print one JSON array.")
  var json = false
  @OptionGroup var root: RootOption

  private struct Row: Encodable {
    let name: String
    let kind: ModelKind
    let path: String
    let bytes: Int
    let repository: String?
    let revision: String?
    let variant: String?
    let runs: [Int64]
  }

  func run() throws {
    try root.noteIfMissing()
    let models = BaseModels(root: root)
    let runs = try RunLibrary(root.project).runs()
    let rows = models.all.map { model in
      Row(
        name: model.name, kind: model.kind, path: model.url.relativePath, bytes: model.bytes,
        repository: model.manifest?.repository, revision: model.manifest?.revision,
        variant: model.manifest?.variant, runs: model.runs(among: runs).map(\.id))
    }
    for download in models.downloads {
      Console.note(
        "The download of \(download.name) is not complete (\(Format.bytes(Int64(download.bytes)))); pull "
          + "it again to continue, or remove it with lora-train models remove \(download.name).")
    }
    for sentence in models.others { Console.note(sentence) }
    if json { return try Console.result(json: rows) }
    guard !rows.isEmpty else {
      return Console.message(
        "No models in \(root.project.baseModels.relativePath) yet; lora-train models pull sdxl installs "
          + "Stable Diffusion XL.")
    }
    try Console.result(
      Table(
        header: ["name", "kind", "size", "source", "revision", "runs"],
        rows: rows.map { row in
          [
            row.name, row.kind.rawValue, Format.bytes(Int64(row.bytes)), row.repository ?? "-",
            row.revision.map { String($0.prefix(8)) } ?? "-",
            row.runs.isEmpty ? "-" : row.runs.map(String.init).joined(separator: ", "),
          ]
        }
      ).text)
  }
}
