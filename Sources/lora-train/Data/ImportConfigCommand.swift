import ArgumentParser
import Drawing
import Files
import Foundation
import Workspace

/// `lora-train import-config FILE`.
struct ImportConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import-config",
    abstract: "Translates a project of sd-scripts or diffusers.",
    discussion: """
      Prints a configuration for train --config. FILE is a dataset file or a training file (.toml) of \
      kohya's sd-scripts, a folder with folders such as 10_sks dog, or a script with a command line of \
      sdxl_train_network.py or of diffusers' train_dreambooth_lora_sdxl.py. Every setting without a \
      counterpart, and what is only similar here, is listed on standard error.
      """)

  @Argument(
    help: ArgumentHelp("The file or folder to translate.", valueName: "file"),
    completion: .file())
  var file: String
  @Option(help: .value("Name of the subject. Default: it comes from the project.", "name"))
  var subject: String?
  @Option(
    help: .value("Write the configuration to this file.", "file.yaml"),
    completion: .file(extensions: ["yaml"]))
  var output: String?
  @Option(
    help: .value(
      "Also write subject.yaml to this file, for captions and repeats of folders, and use its "
        + "folder as the dataset. Otherwise its lines are comments in the configuration.",
      "folder/subject.yaml"))
  var subjectFile: String?
  @Flag(help: "Replace existing files.")
  var overwrite = false

  func validate() throws {
    if let subjectFile, URL(filePath: subjectFile).lastPathComponent != "subject.yaml" {
      throw ValidationError(
        "--subject-file is \(subjectFile), but must be a file with the name subject.yaml in the "
          + "dataset folder.")
    }
  }

  func run() throws {
    let subjectURL = subjectFile.map { URL(filePath: $0) }
    let project = try ImportedProject(
      contentsOf: URL(filePath: file), subject: subject,
      subjectFolder: subjectURL?.deletingLastPathComponent())
    if let subjectURL, let text = project.subjectFile { try write(text, to: subjectURL) }
    if let output {
      try write(project.yaml, to: URL(filePath: output))
    } else {
      try Console.result(project.yaml.trimmingCharacters(in: .newlines))
    }
    report(project)
  }

  private func write(_ text: String, to url: URL) throws {
    if !overwrite, FileManager.default.fileExists(atPath: url.path) {
      throw OutputError.exists(url.relativePath)
    }
    try DurableFile.replace(url, with: Data(text.utf8))
    Console.message("Written: \(url.relativePath)")
  }

  /// Lists what is not simply an option here.
  private func report(_ project: ImportedProject) {
    for fate in ImportNote.Fate.allCases {
      let notes = project.notes.filter { $0.fate == fate }
      guard !notes.isEmpty else { continue }
      Console.message("\(title(fate)):")
      for note in notes {
        let place = note.place.map { " (\($0))" } ?? ""
        Console.message("  \(note.setting)\(place): \(note.reason)")
      }
    }
    if subjectFile != nil, project.subjectFile == nil {
      Console.note("subject.yaml is not needed and not written.")
    }
  }

  private func title(_ fate: ImportNote.Fate) -> String {
    switch fate {
    case .unknown: "Unknown settings, not translated"
    case .noCounterpart: "Not translated, because there is no counterpart"
    case .approximated: "Translated to something similar"
    case .notNeeded: "Not needed here"
    }
  }
}
