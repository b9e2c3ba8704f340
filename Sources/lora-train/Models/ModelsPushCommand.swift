import ArgumentParser
import Foundation
import Hub
import Workspace

/// `lora-train models push`.
struct ModelsPushCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push",
    abstract: "Publishes the adapter of a run on the Hugging Face Hub.",
    discussion: """
      The repository gets the adapter, a page that describes it, and the sample grid. It is made if there is \
      none. After an interruption, the same command continues. HF_TOKEN must permit writing.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's number or latest, and with @ the step of a checkpoint: 7@500.",
      valueName: "run[@step]"),
    transform: CheckpointReference.parse)
  var reference: CheckpointReference
  @Argument(help: ArgumentHelp("The repository, as owner/name.", valueName: "repository"))
  var repository: String
  @Flag(name: .customLong("private"), help: "Make a new repository private.")
  var isPrivate = false
  @Option(help: .value("Message of the commit. Default: step and run.", "text"))
  var message: String?
  @Option(
    help: .value("License by the Hub's identifier, such as openrail++. Default: none.", "license"))
  var license: String?
  @Option(
    help: .value(
      "Repository of the base model. Default: the one that it was pulled from.", "repository"))
  var baseModel: String?
  @OptionGroup var root: RootOption

  func run() throws {
    let name = try RepositoryName(repository)
    let publication = try Publication(
      reference, to: name, in: root.library(), models: BaseModels(root: root),
      options: Publication.Options(license: license, baseModel: baseModel, message: message))
    for note in publication.notes { Console.note(note) }
    let display = TransferDisplay("Sent")
    defer { display.end() }
    let isPrivate = isPrivate
    let (outcome, endpoint) = try HubAccess.run(
      stopped: "The upload was stopped; the same command continues it."
    ) { client in
      (
        try await client.upload(
          publication.files, to: name, message: publication.message, isPrivate: isPrivate
        ) { done, total in display.show(done, of: total) },
        client.settings.endpoint
      )
    }
    display.end()
    switch outcome {
    case .committed(let files, _):
      Console.message("Published \(files.joined(separator: ", ")).")
    case .unchanged: Console.message("All files are published already.")
    }
    try Console.result("\(endpoint)/\(name)")
  }
}
