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
    abstract: "Says what training will see: pictures, crops, captions, and what is odd about them.",
    discussion: """
      Every picture is decoded. The exit code is 65 where files cannot be used. What train is given \
      can be given here, to see what it changes.
      """)

  @Argument(help: ArgumentHelp("The subject, as for train.", valueName: "name"))
  var name: String
  @Flag(help: "Print one JSON document.")
  var json = false
  @Option(help: .value("Draw each picture with its crop and caption.", "file.png"))
  var sheet: String?
  @Flag(help: "Print the commands that would mend what is odd; run none of them.")
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
        "--sheet is \(sheet), but the sheet is a .png file; choose such a name.")
    }
  }

  func run() throws {
    var report = try report()
    let status = StatusLine()
    report.decodePictures { status.show("Reading pictures: \($0) of \($1)") }
    status.end()
    if let sheet {
      let files = try ContactSheet(report).write(to: URL(filePath: sheet)) {
        status.show("Drawing the sheet: \($0) of \($1)")
      }
      status.end()
      if files.isEmpty { Console.say("There is no picture to draw a sheet of.") }
      for file in files { Console.say("Sheet: \(file.relativePath)") }
    }
    if json {
      try Console.answer(json: report)
    } else if fix {
      try Console.answer(fixes: report)
    } else {
      try Console.answer(DatasetTable(report).text)
    }
    if !report.unusable.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
  }

  private func report() throws -> DatasetReport {
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$subject, to: name)
    let sections = [sources.overrides, images.overrides, validation.overrides]
    let config = try TrainingConfig.load(
      sections.reduce(overrides) { $0.merging($1) }, file: file.url)
    let survey = try Dataset.survey(
      directory: URL(filePath: config.datasetPath), subject: config.subject)
    let models = BaseModels(root: root)
    let model = try models.open(config.model ?? models.standardName())
    return try DatasetReport(
      survey, config: config.datasetOptions, resolution: config.resolution(for: model),
      tokenizer: model.loadTokenizer())
  }
}

extension Console {
  /// The commands that mend a dataset, each below the reason for it.
  fileprivate static func answer(fixes report: DatasetReport) throws {
    guard !report.fixes.isEmpty else { return say("There is nothing that a command would mend.") }
    for fix in report.fixes {
      for command in fix.commands {
        try answer(
          "# \(fix.why.wordingFlags.split(whereSeparator: \.isNewline).joined(separator: " "))")
        try answer(command)
      }
    }
  }
}
