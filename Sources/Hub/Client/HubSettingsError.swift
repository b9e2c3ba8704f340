package import Files

/// An environment variable or token file that cannot be used.
package enum HubSettingsError: ReportableError, Equatable {
  /// HF_ENDPOINT is no address.
  case endpoint(found: String)
  /// A token with characters that no token has.
  case token(place: String)
  /// The token's file cannot be read.
  case tokenFile(file: String)
  /// A proxy's address that cannot be used.
  case proxy(variable: String)

  package var kind: ErrorKind {
    switch self {
    case .endpoint, .token, .proxy: .usage
    case .tokenFile: .inputOutput
    }
  }

  package var description: String {
    switch self {
    case .endpoint(let found):
      "HF_ENDPOINT is \(found), but must be an address such as https://huggingface.co."
    case .token(let place):
      "The access token in \(place) contains spaces or other characters that no token has; copy it again "
        + "from https://huggingface.co/settings/tokens."
    case .tokenFile(let file):
      "The access token in \(file) cannot be read; make the file readable, or set HF_TOKEN."
    case .proxy(let variable):
      "\(variable) is no address of an HTTP proxy; write it as http://host:port, or clear it."
    }
  }
}
