; electron-builder takes this file into its Windows installer by its name.

!macro customUnInstall
  ${ifNot} ${isUpdated}
    ; Latchkey registers its links (latchkey://model/...) for itself when it starts. They end with it, unless they are another
    ; program's by now. The command reads: "FOLDER\Latchkey.exe" "%1"
    ReadRegStr $R9 HKCU "Software\Classes\latchkey\shell\open\command" ""
    StrCpy $R8 '"$INSTDIR\'
    StrLen $R7 $R8
    StrCpy $R6 $R9 $R7
    ${if} $R6 == $R8
      DeleteRegKey HKCU "Software\Classes\latchkey"
    ${endIf}
    ${ifNot} ${Silent}
      ; Installed for all users, the script looks at the computer's folders: the person's own are meant.
      SetShellVarContext current
      MessageBox MB_OK|MB_ICONINFORMATION "Your chats, settings and prepared models stay where they are:$\r$\n$\r$\n$LOCALAPPDATA\Latchkey$\r$\n$\r$\nDelete this folder to forget them (or the one you moved them to). An access token stays in the Credential Manager unless you told Latchkey to forget it. Official model files are in the Hugging Face cache, which other programs use too."
      ${if} $installMode == "all"
        SetShellVarContext all
      ${endIf}
    ${endIf}
  ${endIf}
!macroend
