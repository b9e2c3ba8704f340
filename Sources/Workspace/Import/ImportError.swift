public import Files
import Options

/// A project of another program that cannot be translated.
public enum ImportError: ReportableError, Equatable {
  /// The file or folder does not exist.
  case missing(String)
  /// The file cannot be read as UTF-8 text.
  case unreadable(String, reason: String)
  /// The file is not valid TOML.
  case malformedTOML(String, line: Int, problem: String)
  /// A TOML file has a value where a group of settings belongs, or the other way round.
  case misplaced(String, place: String, expected: String)
  /// A quotation mark in a script has no second one.
  case openQuote(String, line: Int)
  /// A script uses a variable that it does not set.
  case unknownVariable(String, file: String, line: Int)
  /// The file has no command that is understood. `script`: it runs this one.
  case noCommand(String, script: String?)
  /// A folder has no images in the form of sd-scripts.
  case noImageFolders(String)
  /// Several folders in a project could hold the training images.
  case severalTrees(String, [String])
  /// A setting has a value of another type.
  case wrongValue(String, place: String, found: String, expected: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .missing: .missingInput
    case .unreadable: .inputOutput
    case .malformedTOML, .misplaced, .openQuote, .unknownVariable, .noCommand, .noImageFolders,
      .severalTrees, .wrongValue:
      .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .missing(let file):
      "There is no file or folder \(file); check its path."
    case .unreadable(let file, let reason):
      "\(file) cannot be read: \(reason)."
    case .malformedTOML(let file, let line, let problem):
      "\(file) line \(line): not valid TOML (\(problem)); texts stand in quotes, and a Windows path "
        + "in single quotes."
    case .misplaced(let name, let place, let expected):
      "\(place): \(name) must be \(expected); compare it with the documentation of sd-scripts."
    case .openQuote(let file, let line):
      "\(file) line \(line): the quotation mark has no second one; close the quotation."
    case .unknownVariable(let name, let file, let line):
      "\(file) line \(line): the variable \(name) is not set in the file; add a line \(name)=VALUE "
        + "above it, or write its value instead."
    case .noCommand(let file, let script?):
      "\(file) runs \(script), which is not understood; the scripts are "
        + "\(TrainingCommand.scripts.joined(separator: ", "))."
    case .noCommand(let file, nil):
      "\(file) has no command for training; it must be a .toml file of sd-scripts, or a script with "
        + "a line that runs one of \(TrainingCommand.scripts.joined(separator: ", "))."
    case .noImageFolders(let folder):
      "\(folder) has no folder with images whose name is like 10_sks dog; give the folder that "
        + "contains such folders."
    case .severalTrees(let folder, let names):
      "\(folder) has several folders with training images (\(names.joined(separator: ", "))); give "
        + "one of them."
    case .wrongValue(let name, let place, let found, let expected):
      "\(place): \(name) is \(found), but must be \(expected)."
    }
  }
}
