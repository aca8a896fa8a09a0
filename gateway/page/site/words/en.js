// English. Each line is one message; `words.js` says what may stand in it.
export default {
  // the frame around every place
  "frame.skip": "Skip to the content",
  "frame.home": "Jobs",
  "frame.account": "Account",
  "frame.admin": "Administration",
  "frame.sign_out": "Sign out",
  "frame.api": "The API",
  "frame.language": "Language",
  "frame.theme": "Colours",
  "frame.theme.system": "As the system",
  "frame.theme.light": "Light",
  "frame.theme.dark": "Dark",
  "frame.nowhere": "There is nothing at this address.",
  "frame.back_home": "To your jobs",
  "frame.broken": "This part of the page could not be loaded.",
  "frame.try_again": "Try again",
  "problem.offline": "The server cannot be reached. Look at your connection.",
  "problem.unknown": "Something went wrong at the server.",

  // signing in
  "entry.sign_in": "Sign in",
  "entry.email": "E-mail",
  "entry.password": "Password",

  // uploads
  "uploads.drop": "Drop a video here",
};
