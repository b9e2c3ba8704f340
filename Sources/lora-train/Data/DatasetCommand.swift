import ArgumentParser
import Datasets
import Foundation
import Options
import StableDiffusion
import Training
import Workspace

/// `lora-train dataset NAME`.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Checks a dataset and shows what training will see.",
    discussion: """
      Lists images, crops, captions and their problems. Every image is decoded. The exit code is 65 if \
      a file cannot be used. Takes the dataset options of train, and shows their effect.
      """)

  @Argument(help: ArgumentHelp("The subject, as for train.", valueName: "subject"))
  var name: String
  @Flag(help: "Print one JSON document.")
  var json = false
  @Option(help: .value("Draw a sheet of all images with their crops and captions.", "file.png"))
  var sheet: String?
  @Flag(help: "Print the commands that would repair the problems, and run none of them.")
  var fix = false
  @OptionGroup var sources: TableFlags<TrainingFlags.Sources>
  @OptionGroup var file: ConfigFileOption
  @OptionGroup(title: OptionSection.images.title) var images: TableFlags<TrainingFlags.Images>
  @OptionGroup(title: OptionSection.validation.title)
  var validation: TableFlags<TrainingFlags.Validation>
  @OptionGroup var root: RootOption

  func validate() throws {
    if let sheet, !sheet.lowercased().hasSuffix(".png") {
      throw ValidationError(
        "--sheet is \(sheet), but must be a .png file; choose a name that ends in .png.")
    }
  }

  func run() throws {
    var report = try report()
    let status = StatusLine()
    report.decodeImages { status.show("Reading images: \($0) of \($1)") }
    status.end()
    if let sheet {
      let files = try ContactSheet(report).write(to: URL(filePath: sheet)) {
        status.show("Drawing the sheet: \($0) of \($1)")
      }
      status.end()
      if files.isEmpty { Console.message("There is no image to draw a sheet of.") }
      for file in files { Console.message("Sheet: \(file.relativePath)") }
    }
    if json {
      try Console.result(json: report)
    } else if fix {
      try Console.result(fixes: report)
    } else {
      try Console.result(DatasetTable(report).text)
    }
    if !report.unusable.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
  }

  private func report() throws -> DatasetReport {
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$subject, to: name)
    let sections = [sources.overrides, images.overrides, validation.overrides]
    let sources = try ConfigSources(
      sections.reduce(overrides) { $0.merging($1) }, file: file, root: root)
    // The seed chooses the validation images.
    let config = try (sources.drawsSeed ? sources.load(in: root.project) : sources.load()).config
    return try BaseModels(root: root).datasetReport(config)
  }
}

extension Console {
  /// Prints the commands that repair a dataset, each below its reason.
  fileprivate static func result(fixes report: DatasetReport) throws {
    guard !report.fixes.isEmpty else {
      return message("No problem can be repaired with a command.")
    }
    for fix in report.fixes {
      for command in fix.commands {
        try result(
          "# \(fix.why.wordingFlags.split(whereSeparator: \.isNewline).joined(separator: " "))")
        try result(command)
      }
    }
  }
}
