import Adapters
import ArgumentParser
import Drawing

/// `lora-train lora info FILE`.
struct LoraInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Prints what is in a LoRA file.",
    discussion: """
      Format, kind, base model, layers, ranks and alphas, strength and metadata. No model is needed.
      """)

  @Argument(help: ArgumentHelp("LoRA file.", valueName: "file"))
  var file: String
  @Flag(help: "Print one JSON object, with every layer.")
  var json = false

  func run() throws {
    let url = try AdapterChoice(path: file, strength: 1).existing()
    let info = try AdapterInfo(contentsOf: url)
    if json {
      try Console.result(json: info)
    } else {
      try Console.result(info.text)
    }
  }
}
