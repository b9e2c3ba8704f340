import Foundation

/// What sd-scripts, and programs that write as it does, record in a file's header about the training.
struct KohyaMetadata {
  private let header: [String: String]

  init(_ header: [String: String]) { self.header = header }

  /// Whether LyCORIS trained a DoRA: `dora_wd`. sd-scripts' own module ignores this argument.
  var isWeightDecomposed: Bool {
    guard header["ss_network_module"]?.hasPrefix("lycoris") == true else { return false }
    let value = arguments["dora_wd"].map { "\($0)".lowercased() }
    return value == "true" || value == "1"
  }

  /// `ss_network_args`; none if they cannot be read.
  private var arguments: [String: Any] {
    guard let text = header["ss_network_args"] else { return [:] }
    do {
      return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    } catch {
      // The adapter does not depend on how it was trained, so a record that cannot be read is no error.
      return [:]
    }
  }
}
