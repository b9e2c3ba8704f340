import ArgumentParser
import DreamBooth
import Foundation

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
  @Option(
    help: .value(
      "Base model, for its size and tokenizer. Default: \(BaseModels.standardHelp).", "model"))
  var model: String?
  @Option(
    help: .value(
      "Configuration file. Default: Configs/<name>.yaml when it is there.", "file"))
  var config: String?
  @OptionGroup(title: "Pictures and captions") var data: DataOptions
  @OptionGroup var root: RootOption

  func validate() throws {
    if let sheet, !sheet.lowercased().hasSuffix(".png") {
      throw ValidationError(
        "--sheet is \(sheet), but the sheet is a .png file; choose such a name.")
    }
  }

  func run() throws {
    var report = try report()
    report.decodePictures { Self.showProgress("Reading pictures", $0, of: $1) }
    if let sheet {
      let files = try ContactSheet(report).write(to: URL(filePath: sheet)) {
        Self.showProgress("Drawing the sheet", $0, of: $1)
      }
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
    var flags = ConfigFlags()
    flags.set(.subject, to: name)
    flags.set(.model, to: model)
    data.set(&flags)
    let config = try TrainingConfig.load(flags: flags, file: config.map { URL(filePath: $0) })
    let survey = try Dataset.survey(
      directory: URL(filePath: config.datasetPath), subject: config.subject)
    let models = BaseModels(root: root)
    return try DatasetReport(
      survey, config: config, model: models.open(config.model ?? models.standardName()))
  }

  private static func showProgress(_ what: String, _ done: Int, of count: Int) {
    guard Console.isTerminal else { return }
    Console.redraw(done == count ? "" : "\(what): \(done) of \(count)")
  }
}

extension Console {
  /// The commands that mend a dataset, each below the reason for it.
  fileprivate static func answer(fixes report: DatasetReport) throws {
    guard !report.fixes.isEmpty else { return say("There is nothing that a command would mend.") }
    for fix in report.fixes {
      for command in fix.commands {
        try answer("# \(fix.why.split(whereSeparator: \.isNewline).joined(separator: " "))")
        try answer(command)
      }
    }
  }
}
