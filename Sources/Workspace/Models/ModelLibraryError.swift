package import Files

/// A model that cannot be installed, verified or removed.
package enum ModelLibraryError: ReportableError, Equatable {
  /// A text that cannot be the name of a folder.
  case name(found: String)
  /// Another model has the name.
  case nameTaken(name: String, place: String)
  /// Another process downloads the model.
  case busy(name: String, holder: String)
  /// There is no such model.
  case notInstalled(name: String, installed: [String])
  /// The model that is part of the project.
  case embedded(name: String)
  /// Runs that are not finished need the model.
  case inUse(name: String, runs: [Int64])

  package var kind: ErrorKind {
    switch self {
    case .name, .nameTaken, .embedded, .inUse: .usage
    case .busy: .busy
    case .notInstalled: .missingInput
    }
  }

  package var description: String {
    switch self {
    case .name(let found):
      "The name \(found.debugDescription.excerpt()) cannot be that of a folder; give `name` letters, digits "
        + "and hyphens."
    case .nameTaken(let name, let place):
      "Another model is installed at \(place); remove it with lora-train models remove \(name), or choose "
        + "another name with `name`."
    case .busy(let name, let holder):
      "The model \(name) is being downloaded by \(holder); wait for it, or stop it first."
    case .notInstalled(let name, let installed):
      "There is no installed model \(name.excerpt()) "
        + "(\(installed.isEmpty ? "none is installed" : "installed: \(listing(installed))")); "
        + "lora-train models lists them."
    case .embedded(let name):
      "The model \(name) is part of the project, and examples and tests need it; give `force` to remove it "
        + "all the same."
    case .inUse(let name, let runs):
      "The model \(name) is needed to resume \(runs.count == 1 ? "run" : "the runs") "
        + "\(listing(runs.map(String.init))); finish \(runs.count == 1 ? "it" : "them") first, or give "
        + "`force` to remove the model all the same."
    }
  }
}
