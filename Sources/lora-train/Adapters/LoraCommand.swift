import ArgumentParser

/// `lora-train lora`.
struct LoraCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lora",
    abstract: "Inspects, merges, resizes and converts LoRA files.",
    discussion: """
      The tools read every form that generate reads, and write kohya's form unless --format chooses \
      another. An existing file is replaced only with --overwrite.
      """,
    subcommands: [
      LoraInfoCommand.self, LoraMergeCommand.self, LoraResizeCommand.self, LoraExtractCommand.self,
      LoraBakeCommand.self, LoraConvertCommand.self,
    ])
}
