import Foundation

/// One change that is made to the captions of many images.
package enum CaptionEdit: Sendable, Equatable {
  /// Replaces each occurrence of a text.
  case replace(String, with: String, ignoringCase: Bool = false)
  /// Adds a text at the start, with a space between.
  case prefix(String)
  /// Adds a text at the end, with a space between unless it begins with a punctuation mark.
  case suffix(String)
  /// Adds the trigger and a comma at the start of captions that do not contain the trigger.
  case trigger
  /// Removes each occurrence of a text, and the comma and spaces that would be left over.
  case remove(String, ignoringCase: Bool = false)

  /// The text that is looked for or added; nil: the trigger.
  var text: String? {
    switch self {
    case .replace(let text, _, _), .prefix(let text), .suffix(let text), .remove(let text, _): text
    case .trigger: nil
    }
  }

  /// The changed caption.
  func applied(to caption: String, trigger: String) -> String {
    switch self {
    case .replace(let text, let other, let ignoringCase):
      return caption.parts(around: text, ignoringCase: ignoringCase).joined(separator: other)
    case .prefix(let text):
      return [text.trimmingCharacters(in: .whitespaces), caption].joined(separator: " ")
    case .suffix(let text):
      let text = text.trimmingCharacters(in: .whitespaces)
      return caption + (text.first.map { ",.;:!?".contains($0) } == true ? "" : " ") + text
    case .trigger:
      if Dataset.words(of: caption).contains(Dataset.words(of: trigger)) { return caption }
      return caption.isEmpty ? trigger : "\(trigger), \(caption)"
    case .remove(let text, let ignoringCase):
      let parts = caption.parts(around: text, ignoringCase: ignoringCase)
      return parts.dropFirst().reduce(parts[0], Self.joined)
    }
  }

  /// Joins what stands before and after a removed text.
  private static func joined(_ before: String, _ after: String) -> String {
    var start = before
    while start.last == " " { start.removeLast() }
    var end = after.drop { $0 == " " }
    if end.isEmpty, start.last == "," { return String(start.dropLast()) }
    if end.first == ",", start.isEmpty || start.last == "," {
      end = end.dropFirst().drop { $0 == " " }
    }
    if start.isEmpty || end.isEmpty || end.first == "," { return start + end }
    let hasSpace = start != before || end.startIndex != after.startIndex
    return start + (hasSpace ? " " : "") + end
  }
}

extension String {
  /// What stands between the occurrences of a text.
  fileprivate func parts(around text: String, ignoringCase: Bool) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    let options: CompareOptions = ignoringCase ? [.caseInsensitive] : [.literal]
    while !text.isEmpty, let found = rest.range(of: text, options: options), !found.isEmpty {
      parts.append(String(rest[..<found.lowerBound]))
      rest = rest[found.upperBound...]
    }
    return parts + [String(rest)]
  }
}
