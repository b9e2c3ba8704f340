extension TrainingConfig {
  /// `dataset`, or the folder that belongs to the subject.
  public var datasetPath: String { dataset ?? "Datasets/\(subject)" }

  /// Whether a settled configuration (``TrainingSetup``) trains on class images too.
  var preservesPrior: Bool { priorImages ?? 0 > 0 }

  /// Whether a settled configuration has class images drawn.
  var drawsClassImages: Bool { preservesPrior && priorFolder == nil }
}

/// What a subject can be called.
enum SubjectName {
  /// Whether it can be the name of the subject's folders.
  static func isFolderName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/")
      && !name.unicodeScalars.contains { $0.value < 0x20 }
  }

  /// What is allowed, if the name is not.
  static func problem(_ name: String) -> String? {
    guard isFolderName(name) else { return "the name of a folder in Datasets, without a slash" }
    return isReserved(name)
      ? "another name, since that place among the runs is taken; rename the dataset's folder" : nil
  }

  /// Whether something else lies where the runs of a subject would: the base models, the caches or
  /// the database with its companions. Some file systems do not tell apart capital letters.
  private static func isReserved(_ subject: String) -> Bool {
    let name = subject.lowercased()
    return ["base", "cache"].contains(name) || name.hasPrefix("runs.sqlite")
  }
}
