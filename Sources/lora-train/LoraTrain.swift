import ArgumentParser
import Foundation

/// The program. Commands hold what users can say; only this target prints and exits.
@main
struct LoraTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lora-train",
    abstract: "Trains a LoRA of your subject into Stable Diffusion XL, and draws with it.",
    discussion: """
      lora-train --subject dhoni --steps 1500 trains on the pictures in Datasets/dhoni. Run it \
      again after an interruption, and it goes on where it stopped.
      """,
    version: Version.current,
    subcommands: [
      TrainCommand.self, ResumeCommand.self, RunsCommand.self, ShowCommand.self,
      GenerateCommand.self, DoctorCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if let status = ExitStatus(of: error) {
        Console.say("lora-train: \(sentence(of: error))")
        Foundation.exit(status.rawValue)
      }
      exit(withError: error)
    }
  }

  /// An error's sentence, from a capital letter to a full stop.
  private static func sentence(of error: any Error) -> String {
    let text = String(describing: error)
    return text.hasSuffix(".") ? text : "\(text)."
  }
}

/// What this program calls itself.
enum Version {
  static let current = "0.1.0"
}
