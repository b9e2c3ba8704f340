package import Foundation

/// Where the Hub is, and how to reach it. The variables are those of huggingface_hub.
package struct HubSettings: Sendable {
  /// The address of the Hub, without a slash at its end.
  package let endpoint: String
  /// The access token; nil without one.
  package let token: String?
  /// Whether no request is sent.
  package let isOffline: Bool
  /// The folder where huggingface_hub keeps what it has downloaded.
  package let cache: URL
  /// The proxies of the environment.
  package let proxies: ProxySettings

  /// Reads `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE` and
  /// the variables of ``ProxySettings``. Without `HF_TOKEN`, the token is read from the file that
  /// `hf auth login` writes. Throws `HubSettingsError`.
  package init(environment: [String: String]) throws(HubSettingsError) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    func isTrue(_ name: String) -> Bool {
      ["1", "ON", "YES", "TRUE"].contains(environment[name]?.uppercased())
    }
    let home = value("HOME") ?? "/"
    func folder(_ path: String) -> URL {
      URL(filePath: path.hasPrefix("~/") ? home + path.dropFirst() : path)
    }
    let base =
      value("HF_HOME").map(folder)
      ?? folder(value("XDG_CACHE_HOME") ?? "\(home)/.cache").appending(path: "huggingface")
    cache =
      value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(folder) ?? base.appending(path: "hub")
    isOffline = isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE")
    endpoint = try Self.endpoint(value("HF_ENDPOINT") ?? "https://huggingface.co")
    proxies = try ProxySettings(environment: environment)
    if let token = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") {
      self.token = try Self.token(token, from: "HF_TOKEN")
    } else if isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
      token = nil
    } else {
      let file = value("HF_TOKEN_PATH").map(folder) ?? base.appending(path: "token")
      token = try Self.token(in: file)
    }
  }

  private static func endpoint(_ text: String) throws(HubSettingsError) -> String {
    guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme),
      let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil,
      parts.user == nil
    else { throw .endpoint(found: text) }
    return String(text.reversed().drop { $0 == "/" }.reversed())
  }

  private static func token(in file: URL) throws(HubSettingsError) -> String? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let text: String
    do {
      text = try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw .tokenFile(file: file.relativePath)
    }
    return try token(text, from: file.relativePath)
  }

  /// A token without the white space around it; nil if nothing is left.
  private static func token(_ text: String, from place: String) throws(HubSettingsError) -> String?
  {
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .token(place: place) }
    return token.isEmpty ? nil : token
  }
}
