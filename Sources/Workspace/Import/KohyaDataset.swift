import Datasets
import Files
import Foundation
import Training

/// The folders of a project of sd-scripts, and the settings of its datasets.
struct KohyaDataset {
  /// The folders with images of the subject.
  private(set) var training: [ImportedFolder] = []
  /// The folders with class images (regularization images).
  private(set) var classes: [ImportedFolder] = []
  /// The settings that all folders share, by the names of the command line.
  private(set) var settings: [ForeignSetting] = []

  /// No folders.
  init() {}

  /// Reads a dataset file. Reports to `draft` what differs between folders. Throws `ImportError`.
  init(_ file: TOMLFile, _ draft: inout ImportDraft) throws(ImportError) {
    let general = try file.group("general")
    var options: [(folder: String, options: ForeignOptions)] = []
    for dataset in try file.datasets() {
      for subset in dataset.subsets {
        var merged = ForeignOptions(general + dataset.settings + subset)
        let folder = merged.take("image_dir")
        if let metadata = merged.take("metadata_file") {
          draft.note(
            metadata, .noCounterpart,
            "captions are read from .txt files, or from metadata.jsonl in the folder")
        }
        guard let folder else {
          draft.note(
            "a folder in \(file.name)", .noCounterpart, "it has no image_dir, so it is not read")
          continue
        }
        let isClass = try merged.flag("is_reg")
        let found = ImportedFolder(
          path: folder.value.text, repeats: try merged.integer("num_repeats") ?? 1,
          caption: merged.text("class_tokens"))
        if isClass {
          classes.append(found)
          for setting in subset where merged[setting.name] != nil {
            draft.note(setting, .noCounterpart, "class images have no settings of their own")
          }
        } else {
          training.append(found)
          options.append((found.path, merged))
        }
      }
    }
    for other in file.others() {
      draft.note(other, .unknown, "a dataset file has the groups general and datasets")
    }
    share(options, &draft)
  }

  /// Takes each setting of the first folder that has it, and reports where others differ.
  private mutating func share(
    _ folders: [(folder: String, options: ForeignOptions)], _ draft: inout ImportDraft
  ) {
    var seen: Set<String> = []
    for (folder, options) in folders {
      for setting in options.all where seen.insert(setting.name).inserted {
        let name = Self.commandLineNames[setting.name] ?? setting.name
        let values = folders.map { $0.options[setting.name]?.value }
        let isTranslated = ForeignFates.kohya.translated.contains(name)
        if isTranslated, values.contains(where: { $0 != setting.value }) {
          draft.note(
            setting, .approximated,
            "it differs between the folders; that of \(folder) is used for all")
        }
        settings.append(ForeignSetting(name: name, value: setting.value, place: setting.place))
      }
    }
  }

  private static let commandLineNames = ["batch_size": "train_batch_size"]

  /// Reads folders with names such as `10_sks dog` in a folder.
  mutating func addTree(_ path: String, areClasses: Bool) {
    let folders = Self.tree(path)
    if areClasses { classes += folders } else { training += folders }
  }

  /// The folders in a folder whose names are like `10_sks dog`, sorted.
  static func tree(_ path: String) -> [ImportedFolder] {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    return folder.entryNames.compactMap { name in
      guard let found = KohyaFolder(name), found.isPlausible else { return nil }
      return ImportedFolder(
        path: folder.appending(path: name).relativePath, repeats: found.repeats,
        caption: found.caption)
    }
  }
}
