public import Files

/// Where the value of an option came from.
public enum ConfigOrigin: Sendable, Equatable {
  /// The default, or code that made the configuration.
  case builtIn
  /// A line of a file.
  case file(String, line: Int?)
  /// The command line.
  case commandLine

  /// The option as messages name it: `` `batch_size` ``, which the executable replaces with a flag,
  /// or `Configs/dog.yaml line 3: batch_size`.
  package func naming(_ key: String) -> String {
    switch self {
    case .builtIn: key
    case .file(let file, let line): "\(position(file, line)): \(key)"
    case .commandLine: "`\(key)`"
    }
  }
}

/// A configuration that cannot be used.
public enum ConfigError: ReportableError, Equatable {
  /// The file named by the user does not exist.
  case missingFile(String)
  /// The file is a link to something that does not exist.
  case danglingLink(String, target: String)
  /// The file exists, but cannot be read as UTF-8 text.
  case unreadableFile(String, reason: String)
  /// The file is not YAML, or not a list of `option: value`.
  case malformedFile(String, line: Int?, problem: String)
  /// The file sets an option that does not exist.
  case unknownKey(
    String, file: String, line: Int?, foreign: ForeignName? = nil, nearest: String?, known: [String]
  )
  /// An option has the wrong type, or a value outside what is allowed. `allowed` mentions other
  /// options in backticks.
  case invalidValue(key: String, origin: ConfigOrigin, found: String, allowed: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .missingFile, .danglingLink: .missingInput
    case .unreadableFile: .inputOutput
    case .malformedFile, .unknownKey: .badData
    case .invalidValue(_, .file, _, _): .badData
    case .invalidValue: .usage
    }
  }

  /// One sentence: what was found and what is allowed.
  public var description: String {
    switch self {
    case .missingFile(let file):
      "There is no configuration file \(file); check its path."
    case .danglingLink(let file, let target):
      FileAccessError.linkTarget(file: file, target: target).description
    case .unreadableFile(let file, let reason):
      "\(file) cannot be read: \(reason)."
    case .malformedFile(let file, let line, let problem):
      "\(position(file, line)): not valid YAML (\(problem)); "
        + "every option is a line \"option: value\"."
    case .unknownKey(let key, let file, let line, let foreign?, _, _):
      "\(position(file, line)): there is no option \"\(key)\"; "
        + "\(foreign.answer.withPlainOptions)."
    case .unknownKey(let key, let file, let line, nil, let nearest, let known):
      "\(position(file, line)): there is no option \"\(key)\"; "
        + (nearest.map { "did you mean \"\($0)\"?" }
          ?? "the options are \(known.joined(separator: ", ")).")
    case .invalidValue(let key, .commandLine, let found, let allowed):
      "\(ConfigOrigin.commandLine.naming(key)) is \(found), but must be \(allowed)."
    case .invalidValue(let key, let origin, let found, let allowed):
      "\(origin.naming(key)) is \(found), but must be \(allowed.withPlainOptions)."
    }
  }
}

/// `Configs/dog.yaml line 3`.
package func position(_ file: String, _ line: Int?) -> String {
  line.map { "\(file) line \($0)" } ?? file
}
