import ArgumentParser
import Foundation
import Hub
import Workspace

/// `lora-train models pull`.
struct ModelsPullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Installs a model from the Hugging Face Hub.",
    discussion: """
      Only the files that lora-train reads are downloaded, never pickled weights. After an interruption, \
      the same command continues. Files in the cache of Hugging Face are linked instead. The variables \
      HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HTTPS_PROXY, HTTP_PROXY and NO_PROXY are \
      read.
      """)

  @Argument(
    help: ArgumentHelp(
      "A repository, such as stabilityai/stable-diffusion-xl-base-1.0, or "
        + "\(ModelSource.shortNames.map(\.key).joined(separator: ", ")).",
      valueName: "repository"))
  var repository: String
  @Option(help: .value("Branch, tag or commit. Default: \(ModelSource.newest).", "revision"))
  var revision: String?
  @Option(
    help: .value(
      "Name of the installed model. Default: the short name, or the repository's name.", "name"))
  var name: String?
  @Option(help: .value("fp16 for weights in half precision, where there are any.", "variant"))
  var variant: String?
  @OptionGroup var root: RootOption

  func run() throws {
    let source = try ModelSource(
      repository, name: name, revision: revision ?? ModelSource.newest, variant: variant)
    let pull = ModelPull(source, in: root.project)
    let display = TransferDisplay("Downloaded")
    defer { display.end() }
    Console.message("Pulling \(source.repository), revision \(source.revision).")
    let outcome = try HubAccess.run(
      stopped: "The download was stopped; the same command continues it."
    ) { client in
      try await pull.run(by: client) { display.show($0.done, of: $0.total) }
    }
    display.end()
    if case .present = outcome { Console.message("The model is already installed.") }
    try Console.result(outcome.url.relativePath)
  }
}
