public import Foundation
import Options
import Training

/// A project of kohya's sd-scripts or of diffusers' DreamBooth script as a configuration for training
/// here.
public struct ImportedProject: Sendable {
  /// What was read: `sd-scripts, sdxl_train_network.py`.
  public let source: String
  /// The name of the subject.
  public let subject: String
  /// The configuration file.
  public let yaml: String
  /// What `subject.yaml` in the dataset folder must contain; nil: it is not needed.
  public let subjectFile: String?
  /// The settings that are not simply options here, in the order of their fates.
  public let notes: [ImportNote]

  /// Reads a project: a dataset file or a training file (TOML) of sd-scripts, a folder with folders
  /// such as `10_sks dog`, or a script with a command line of either program.
  ///
  /// - Parameters:
  ///   - url: The file or folder.
  ///   - subject: The name of the subject; nil: it comes from the project.
  ///   - subjectFolder: The dataset folder that `subject.yaml` is written into; nil: the one that
  ///     suits.
  /// - Throws: `ImportError`.
  public init(
    contentsOf url: URL, subject: String? = nil, subjectFolder: URL? = nil
  ) throws(ImportError) {
    let reader = ProjectReader(
      names: SubjectNames(given: subject, folder: subjectFolder?.relativePath))
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw .missing(url.relativePath)
    }
    var (draft, source) =
      if isFolder.boolValue {
        try reader.tree(url)
      } else if url.pathExtension.lowercased() == "toml" {
        try reader.toml(url)
      } else {
        try reader.script(url)
      }
    draft.removeRefused()
    self.source = source
    self.subject = draft.config.subject
    let fates = ImportNote.Fate.allCases
    notes = fates.flatMap { fate in draft.notes.filter { $0.fate == fate } }
    subjectFile = draft.subjectLines.isEmpty ? nil : Self.text(draft.subjectLines)
    yaml = Self.yaml(draft, from: "\(url.relativePath) (\(source))", subjectFolder)
  }

  private static func text(_ lines: [String]) -> String { lines.map { "\($0)\n" }.joined() }

  /// The options, and in comments the lines for `subject.yaml` unless it is written.
  private static func yaml(_ draft: ImportDraft, from origin: String, _ folder: URL?) -> String {
    var lines = ["# Translated from \(origin).".replacing("\n", with: " ")] + draft.lines
    if folder == nil, !draft.subjectLines.isEmpty {
      lines += ["", "# \(draft.config.datasetPath)/subject.yaml must contain:"]
      lines += draft.subjectLines.map { "#   \($0)" }
    }
    return text(lines)
  }
}

/// Reads the kinds of projects.
private struct ProjectReader {
  let names: SubjectNames

  typealias Result = (draft: ImportDraft, source: String)

  func tree(_ url: URL) throws(ImportError) -> Result {
    let tree = try KohyaTree(url.relativePath)
    var dataset = KohyaDataset()
    dataset.addTree(tree.training, areClasses: false)
    if let classes = tree.classes { dataset.addTree(classes, areClasses: true) }
    let training = try KohyaTraining(
      ForeignOptions(), dataset, .folders, names: names, ImportDraft())
    return (training.draft, "folders of sd-scripts")
  }

  func toml(_ url: URL) throws(ImportError) -> Result {
    let file = try TOMLFile(contentsOf: url)
    guard file.isDataset else {
      let draft = try kohya(ForeignOptions(file.flattened()), beside: url)
      return (draft, "a training of sd-scripts")
    }
    var draft = ImportDraft()
    let dataset = try KohyaDataset(file, &draft)
    let training = try KohyaTraining(ForeignOptions(), dataset, .dataset, names: names, draft)
    return (training.draft, "a dataset of sd-scripts")
  }

  func script(_ url: URL) throws(ImportError) -> Result {
    let script = try ShellScript(contentsOf: url)
    let command = try TrainingCommand(script)
    var options = ForeignOptions(command.settings)
    var draft = ImportDraft()
    for other in command.others {
      draft.note(
        other, .noCounterpart, "a second command for training; only the first is translated")
    }
    var launcher = ForeignOptions(command.launcher)
    let precision = launcher.take("mixed_precision")
    if let precision, options["mixed_precision"] == nil {
      options.add(precision)
    } else if let precision {
      draft.note(precision, .notNeeded, "the script has its own mixed_precision")
    }
    let processes = launcher.take("num_processes")
    if let processes, processes.value.asInteger != 1 {
      draft.note(
        processes, .noCounterpart, "a run uses one device; raise gradient_accumulation instead")
    }
    for setting in launcher.all {
      draft.note(setting, .notNeeded, "a setting of accelerate; no launcher is needed here")
    }
    switch command.program {
    case .kohya:
      return (try kohya(options, beside: url, draft), "sd-scripts, \(command.script)")
    case .diffusers:
      let training = try DiffusersTraining(
        options, processes: max(1, processes?.value.asInteger ?? 1), names: names, draft)
      return (training.draft, "diffusers, \(command.script)")
    }
  }

  /// A training of sd-scripts, with the files that its settings name. They are looked for from the
  /// current folder, as sd-scripts does, and then beside `url`.
  private func kohya(
    _ given: ForeignOptions, beside url: URL, _ start: ImportDraft = ImportDraft()
  ) throws(ImportError) -> ImportDraft {
    var draft = start
    var options = given
    if let setting = options.take("config_file"), !setting.value.isOff {
      let path = setting.value.text
      let file = path.hasSuffix(".toml") ? path : "\(path).toml"
      // Flags win over the file.
      options = ForeignOptions(
        try TOMLFile(contentsOf: place(file, beside: url)).flattened() + options.all)
    }
    var dataset = KohyaDataset()
    let folders = [options.take("train_data_dir"), options.take("reg_data_dir")]
    if let setting = options.take("dataset_config"), !setting.value.isOff {
      let file = try TOMLFile(contentsOf: place(setting.value.text, beside: url))
      dataset = try KohyaDataset(file, &draft)
      for folder in folders.compactMap(\.self) {
        draft.note(folder, .notNeeded, "dataset_config names the folders")
      }
    } else {
      for (setting, areClasses) in zip(folders, [false, true]) {
        guard let setting, !setting.value.isOff else { continue }
        dataset.addTree(setting.value.text, areClasses: areClasses)
        if (areClasses ? dataset.classes : dataset.training).isEmpty {
          draft.note(
            setting, .noCounterpart,
            "no folder on this machine with folders such as 10_sks dog; set the path here")
        }
      }
    }
    return try KohyaTraining(options, dataset, .training, names: names, draft).draft
  }

  private func place(_ path: String, beside url: URL) -> URL {
    let here = URL(filePath: path)
    if FileManager.default.fileExists(atPath: here.path) { return here }
    let beside = url.deletingLastPathComponent().appending(path: path)
    return FileManager.default.fileExists(atPath: beside.path) ? beside : here
  }
}
