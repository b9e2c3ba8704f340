/// The rules for the names of a repository's files.
enum RepositoryPath {
  /// What makes a file's name unsafe, to follow "which"; nil for a safe one.
  static func problem(_ path: String) -> String? {
    if path.isEmpty || path.hasPrefix("/") { return "is no path inside the repository" }
    if path.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
      return "contains control characters"
    }
    if path.contains("\\") { return "contains a backslash" }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    if parts.contains(where: { ["", ".", ".."].contains($0) }) {
      return "leads out of its folder"
    }
    if parts.contains(where: { $0.lowercased() == ".git" }) { return "is a file of git itself" }
    if parts.contains(where: { $0.utf8.count > 255 }) || path.utf8.count > 1024 {
      return "is longer than file systems allow"
    }
    return nil
  }
}
